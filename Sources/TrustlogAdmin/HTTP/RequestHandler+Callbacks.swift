import CMicroHTTPD
import Glibc

// What libmicrohttpd calls, on its own thread. The first argument is the `RequestHandler`, which the server keeps alive
// until the daemon has stopped. A request's context is its `Progress`, retained from `requestStarted` to
// `requestCompleted`, which the daemon calls for each request that was started.
extension RequestHandler {
    static func setCallbacks(of options: inout trustlog_mhd_options) {
        options.log = logMessage
        options.request_started = requestStarted
        options.answer = answerRequest
        options.request_completed = requestCompleted
        options.connection_changed = connectionChanged
    }

    fileprivate static func from(_ context: UnsafeMutableRawPointer?) -> RequestHandler? {
        context.map { Unmanaged<RequestHandler>.fromOpaque($0).takeUnretainedValue() }
    }

    static func descriptor(of connection: OpaquePointer?) -> Int32? {
        guard let connection else { return nil }
        let descriptor = trustlog_mhd_connection_descriptor(connection)
        return descriptor >= 0 ? descriptor : nil
    }
}

private func requestStarted(
    _ context: UnsafeMutableRawPointer?, _ target: UnsafePointer<CChar>?, _ connection: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    let progress = RequestHandler.Progress(target: target.map { String(cString: $0) } ?? "")
    return Unmanaged.passRetained(progress).toOpaque()
}

private func answerRequest(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ url: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?, _ upload: UnsafePointer<CChar>?,
    _ uploadSize: UnsafeMutablePointer<Int>?, _ request: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let handler = RequestHandler.from(context), let connection, let method, let progress = request?.pointee else {
        return .NO
    }
    return handler.proceed(
        connection, method: String(cString: method),
        progress: Unmanaged<RequestHandler.Progress>.fromOpaque(progress).takeUnretainedValue())
}

private func requestCompleted(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
    _ request: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ code: MHD_RequestTerminationCode
) {
    guard let pointer = request?.pointee else { return }
    request?.pointee = nil
    let progress = Unmanaged<RequestHandler.Progress>.fromOpaque(pointer).takeRetainedValue()
    guard let handler = RequestHandler.from(context) else { return }
    if case .suspended(let id) = progress.stage { _ = handler.deferred.take(id) }
    if let descriptor = RequestHandler.descriptor(of: connection) { handler.connections.becameIdle(descriptor) }
}

private func connectionChanged(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
    _ socketContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ code: MHD_ConnectionNotificationCode
) {
    guard let handler = RequestHandler.from(context), let descriptor = RequestHandler.descriptor(of: connection) else {
        return
    }
    switch code {
    case .CONNECTION_NOTIFY_STARTED: handler.connections.opened(descriptor)
    case .CONNECTION_NOTIFY_CLOSED: handler.connections.closed(descriptor)
    @unknown default: break
    }
}

private func logMessage(
    _ context: UnsafeMutableRawPointer?, _ format: UnsafePointer<CChar>?, _ arguments: CVaListPointer?
) {
    guard let handler = RequestHandler.from(context), let format, let arguments else { return }
    var buffer = [CChar](repeating: 0, count: 512)
    let length = vsnprintf(&buffer, buffer.count, format, arguments)
    guard length > 0 else { return }
    let bytes = buffer.prefix(min(Int(length), buffer.count - 1)).map { UInt8(bitPattern: $0) }
    handler.log(String(decoding: bytes, as: UTF8.self))
}
