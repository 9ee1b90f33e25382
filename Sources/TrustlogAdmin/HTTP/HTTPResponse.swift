package struct HTTPResponse: Sendable {
    package var status: UInt16
    package var contentType: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(
        status: UInt16 = 200, contentType: String, headers: [(name: String, value: String)] = [], body: [UInt8]
    ) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
    }

    package static func text(status: UInt16 = 200, _ text: String) -> HTTPResponse {
        HTTPResponse(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }

    package static func json(status: UInt16 = 200, _ json: String) -> HTTPResponse {
        HTTPResponse(status: status, contentType: "application/json", body: Array(json.utf8))
    }

    /// `{"error": …}`
    package static func jsonError(status: UInt16, _ message: String) -> HTTPResponse {
        json(status: status, "{\"error\":\(JSONText.quoted(message))}\n")
    }

    /// How a server tells errors that no handler answers.
    package enum ErrorForm: Sendable {
        case text, json

        func response(status: UInt16, _ message: String) -> HTTPResponse {
            switch self {
            case .text: .text(status: status, message + "\n")
            case .json: .jsonError(status: status, message)
            }
        }
    }
}
