import GateCurl
import NIOCore

extension LinkFailure {
    /// A transfer that broke.
    init(_ error: CurlError) {
        let kind: Kind =
            switch error.kind {
            case .tooLarge: .tooLarge
            case .protocolError: .protocolBreach
            default: .network
            }
        // What breaks a connection is put into a sentence by the receiver; the others are sentences.
        var text = error.message[...]
        if error.kind == .refusedAddress {
            text +=
                " It can be allowed: `allow_addresses` of the backend, `server.added_addresses` for one that was added at run time."
        }
        while text.utf8.last == UInt8(ascii: ".") { text.removeLast() }
        if case .network = kind {} else { text += "." }
        self.init(kind, String(text), sent: error.sent)
    }

    /// An answer whose status is no success and whose body is no JSON-RPC message.
    ///
    /// `sent` is false only for statuses by which a server says that it did not carry the request out. A 5xx may come
    /// from a proxy in front of a server that did.
    static func status(_ status: Int, body: ByteBuffer, location: String?) -> LinkFailure {
        var text = shown(body)
        if (300..<400).contains(status) {
            let host = location.flatMap { try? CurlURL($0) }?.host
            text =
                "it redirects\(host.map { " to the host \($0)" } ?? ""), and redirects are not followed; set `url` to the final address"
        }
        return LinkFailure(
            .status(status, body: text), "HTTP \(status)",
            sent: !(300..<400).contains(status) && !refusals.contains(status))
    }

    private static let refusals: Set<Int> = [
        400, 401, 402, 403, 404, 405, 406, 407, 411, 413, 414, 415, 416, 417, 421, 422, 426, 428, 429, 431, 451,
    ]

    /// The beginning of a body, fit for a terminal and a log line.
    private static func shown(_ body: ByteBuffer) -> String {
        let limit = 300
        let cut = body.readableBytesView.prefix(limit + 4)
        var text = ""
        var lastWasSpace = true
        for scalar in String(decoding: cut, as: UTF8.self).unicodeScalars {
            let isControl =
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: true
                default: false
                }
            let shown = isControl ? " " : scalar
            if shown == " ", lastWasSpace { continue }
            guard text.utf8.count + UTF8.width(shown) <= limit else { break }
            lastWasSpace = shown == " "
            text.unicodeScalars.append(shown)
        }
        if lastWasSpace, !text.isEmpty { text.unicodeScalars.removeLast() }
        return text
    }
}
