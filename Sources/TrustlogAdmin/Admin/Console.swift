/// The console page: four files that are part of the program and load nothing from elsewhere.
enum Console {
    static let routes: [HTTPRoute] = [
        .get("/") { _ in page },
        .get("/console.css") { _ in file("text/css; charset=utf-8", PackageResources.console_css) },
        .get("/console.js") { _ in file("text/javascript; charset=utf-8", PackageResources.console_js) },
        .get("/icon.svg") { _ in file("image/svg+xml", PackageResources.icon_svg) },
    ]

    /// Everything that the page may load comes from this server, and nothing inside the page's text is run.
    private static var page: HTTPResponse {
        let policy =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        var response = file("text/html; charset=utf-8", PackageResources.console_html)
        response.headers += [
            ("Content-Security-Policy", policy), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
        ]
        return response
    }

    private static func file(_ contentType: String, _ bytes: [UInt8]) -> HTTPResponse {
        HTTPResponse(
            contentType: contentType, headers: [("Cross-Origin-Resource-Policy", "same-origin")], body: bytes)
    }
}
