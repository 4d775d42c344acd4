import GateCurl
import GateProtocol

/// The base URL of a gateway.
struct GatewayAddress: Sendable {
    /// Without a slash at its end.
    let text: String
    /// Whether the host, as it is written, can only be this machine. The address really used is checked as well.
    let isLoopback: Bool

    init(_ url: String) throws(GateError) {
        // `127.0.0.1:3393` is what people type.
        let full = url.contains("://") ? url : "http://" + url
        let parsed: CurlURL
        do throws(CurlError) {
            parsed = try CurlURL(full)
        } catch {
            throw GateError(.badRequest, "\(error.message) Give one like \(GateClient.defaultURL).", source: .caller)
        }
        guard parsed.query == nil, !full.utf8.contains(UInt8(ascii: "#")) else {
            throw GateError(
                .badRequest, "The gateway's URL must not have a query or a fragment: \(url)", source: .caller)
        }
        var text = parsed.text
        while text.utf8.last == UInt8(ascii: "/") { text.removeLast() }
        self.text = text
        let host = parsed.host.lowercased()
        isLoopback = host == "localhost" || host == "[::1]" || Self.isLoopback(dotted: host)
    }

    /// 127.0.0.0/8; libcurl has already written out other spellings.
    private static func isLoopback(dotted host: String) -> Bool {
        let parts = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0].elementsEqual("127".utf8)
            && parts.allSatisfy { part in
                (1...3).contains(part.count) && part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            }
    }

    func notStonegate(_ what: String, sent: Bool) -> GateError {
        GateError(
            .gatewayUnreachable,
            "What listens at \(text) does not answer like stonegate (\(what)). Check the address and the port.",
            sent: sent)
    }
}

/// Text for one part of a URL's path or query.
func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var out: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "~"):
            out.append(byte)
        default: out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: out, as: UTF8.self)
}
