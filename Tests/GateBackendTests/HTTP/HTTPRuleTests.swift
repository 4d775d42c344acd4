@testable import GateBackend
import GateCurl
import NIOCore
import Testing

/// Decisions of the HTTP links that need no socket.
@Suite struct HTTPRuleTests {
    @Test func mirroredNamesAreWrappedWhenTheyAreNotPlain() {
        #expect(MCPHeader.encoded("get_weather") == "get_weather")
        #expect(MCPHeader.encoded("a b") == "a b")
        #expect(MCPHeader.encoded(" a") == "=?base64?IGE=?=")
        #expect(MCPHeader.encoded("é") == "=?base64?w6k=?=")
        #expect(MCPHeader.encoded("a\r\nX: y") == "=?base64?YQ0KWDogeQ==?=")
        #expect(MCPHeader.encoded("=?base64?YQ==?=") == "=?base64?PT9iYXNlNjQ/WVE9PT89?=")
        #expect(MCPHeader.encoded("世界!") == "=?base64?5LiW55WMIQ==?=")
        #expect(MCPHeader.encoded("") == "=?base64??=")
    }

    @Test func idsAreSentBackOnlyWhenTheyFitAHeader() {
        #expect(MCPHeader.isReturnable("a-1_!~"))
        #expect(!MCPHeader.isReturnable(""))
        #expect(!MCPHeader.isReturnable("a b"))
        #expect(!MCPHeader.isReturnable("a\r\nb"))
        #expect(!MCPHeader.isReturnable("é"))
        #expect(!MCPHeader.isReturnable(String(repeating: "a", count: 1025)))
    }

    @Test func namesNeverLeadToLinkLocalOrMetadataAddresses() {
        func allows(_ octets: [UInt8]) -> Bool {
            AddressPolicy.allowsForName(octets.count == 4 ? .ipv4(octets, port: 80) : .ipv6(octets, port: 80))
        }
        let zeros = [UInt8](repeating: 0, count: 10)
        #expect(allows([127, 0, 0, 1]))
        #expect(allows([10, 1, 2, 3]))
        #expect(allows([192, 168, 0, 1]))
        #expect(allows([93, 184, 216, 34]))
        #expect(!allows([169, 254, 169, 254]))
        #expect(!allows([169, 254, 0, 1]))
        #expect(!allows(zeros + [0xFF, 0xFF, 169, 254, 169, 254]))
        #expect(!allows([0x00, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8) + [169, 254, 169, 254]))
        #expect(!allows([0xFE, 0x80] + [UInt8](repeating: 0, count: 13) + [1]))
        #expect(!allows([0xFD, 0x00, 0x0E, 0xC2] + [UInt8](repeating: 0, count: 10) + [0x02, 0x54]))
        #expect(allows([0xFD, 0x00, 0x0E, 0xC2] + [UInt8](repeating: 0, count: 10) + [0x02, 0x55]))
        #expect(AddressPolicy(host: "backend.internal").judge?(.ipv4([169, 254, 169, 254], port: 80)) == false)
        // An address in the URL is the operator's word.
        #expect(AddressPolicy(host: "169.254.169.254").judge == nil)
        #expect(AddressPolicy(host: "[fe80::1]").judge == nil)
        #expect(AddressPolicy(host: "169.254.169.254.example").judge != nil)
    }

    @Test func endpointsStayWithinTheirOrigin() throws {
        let base = try CurlURL("http://host.example:8080/api/sse?x=1")
        func resolve(_ reference: String) throws -> String { try EndpointURL.resolve(reference, against: base) }
        #expect(try resolve("/messages/?session_id=1") == "http://host.example:8080/messages/?session_id=1")
        #expect(try resolve("messages?s=1") == "http://host.example:8080/api/messages?s=1")
        #expect(try resolve("?s=1") == "http://host.example:8080/api/sse?s=1")
        #expect(try resolve("HTTP://HOST.example:8080/m").lowercased() == "http://host.example:8080/m")
        #expect(try resolve("../m") == "http://host.example:8080/m")
        for foreign in [
            "http://other.example:8080/m", "http://host.example/m", "https://host.example:8080/m",
            "//other.example:8080/m",
        ] {
            #expect(throws: EndpointURL.Fault.otherOrigin, "\(foreign)") { try resolve(foreign) }
        }
        for broken in ["", "file:///etc/passwd", "http://user@host.example:8080/m", "/a b", "http:/\\other"] {
            #expect(throws: EndpointURL.Fault.unusable, "\(broken)") { try resolve(broken) }
        }
    }

    @Test func statusesSayWhetherTheRequestMayHaveRun() {
        func failure(_ status: Int, _ body: String = "", _ location: String? = nil) -> LinkFailure {
            .status(status, body: ByteBuffer(string: body), location: location)
        }
        for refused in [400, 401, 403, 404, 405, 406, 413, 415, 429, 307] { #expect(!failure(refused).sent) }
        for unknown in [408, 409, 500, 502, 503, 504] { #expect(failure(unknown).sent) }
        #expect(failure(500, "a\u{1B}[31m\r\n\u{0}\u{202E}b\u{7F}").body == "a [31m b")
        let long = failure(500, String(repeating: "é", count: 400)).body ?? ""
        #expect(long.utf8.count == 300)
        let redirect = failure(302, "secret body", "http://evil.example/path?token=1").body ?? ""
        #expect(redirect.contains("to the host evil.example"))
        #expect(!redirect.contains("token"))
        #expect(!redirect.contains("secret"))
    }
}
