import CRdKafka

/// A topic to produce to, looked up once. Valid until its producer is closed.
// @unchecked: librdkafka's topic handles may be used from any thread; the producer frees them when nobody produces any more.
package final class ProducerTopic: @unchecked Sendable {
    package let name: String
    let pointer: OpaquePointer

    init(name: String, pointer: OpaquePointer) {
        self.name = name
        self.pointer = pointer
    }
}
