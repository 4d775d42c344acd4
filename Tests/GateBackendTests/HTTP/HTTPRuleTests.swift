@testable import GateBackend
import GateCore
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

    private func peer(_ address: String, port: UInt16 = 80) throws -> CurlPeerAddress {
        let octets = try #require(AddressRange.octets(address), "\(address)")
        return octets.count == 4 ? .ipv4(octets, port: port) : .ipv6(octets, port: port)
    }

    /// Which grounds allow an address: the operator's word, a URL that came over the network, a thing that must stay here.
    @Test(arguments: [
        ("8.8.8.8", true, true, false), ("2a00::1", true, true, false), ("127.0.0.1", true, false, true),
        ("::1", true, false, true), ("0.0.0.0", true, false, true), ("::ffff:127.0.0.1", true, false, true),
        ("10.1.2.3", true, false, false), ("fd00::1", true, false, false), ("100.64.0.1", true, false, false),
        ("192.0.2.1", true, false, false), ("169.254.0.1", false, false, false), ("fe80::1", false, false, false),
        ("169.254.169.254", false, false, false), ("::ffff:169.254.169.254", false, false, false),
        ("64:ff9b::a9fe:a9fe", false, false, false), ("fd00:ec2::254", false, false, false),
        ("100.100.100.200", false, false, false), ("168.63.129.16", false, false, false),
    ])
    func groundsOfConnections(address: String, configured: Bool, added: Bool, local: Bool) throws {
        let address = try peer(address)
        #expect(AddressPolicy(.configured).permits(address) == configured)
        #expect(AddressPolicy(.added).permits(address) == added)
        #expect(AddressPolicy(.configured).keptLocal.permits(address) == local)
    }

    @Test func listedAddressesAreAllowedAndMetadataOnlyByItsOwnAddress() throws {
        func permits(_ ground: AddressPolicy.Ground, _ list: [String], _ address: String, port: UInt16 = 80) throws
            -> Bool
        {
            try AddressPolicy(ground, also: list.compactMap(AddressRange.init)).permits(peer(address, port: port))
        }
        #expect(
            try permits(.added, ["127.0.0.0/8"], "127.0.0.1") && permits(.added, ["127.0.0.0/8"], "::ffff:127.0.0.1"))
        #expect(try !permits(.added, ["127.0.0.0/8"], "::1") && !permits(.added, ["127.0.0.0/8"], "10.0.0.1"))
        #expect(
            try permits(.added, ["127.0.0.1:80"], "127.0.0.1")
                && !permits(.added, ["127.0.0.1:80"], "127.0.0.1", port: 81))
        #expect(try permits(.configured, ["169.254.0.0/16"], "169.254.7.7"))
        #expect(try !permits(.configured, ["169.254.0.0/16", "0.0.0.0/0", "::/0"], "169.254.169.254"))
        #expect(try permits(.configured, ["169.254.169.254"], "169.254.169.254"))
        #expect(
            try permits(.added, ["fd00:ec2::254"], "fd00:ec2::254") && !permits(.added, ["fd00::/8"], "fd00:ec2::254"))
        let local = AddressPolicy(.added, also: ["127.0.0.0/8", "10.0.0.0/8"].compactMap(AddressRange.init)).keptLocal
        #expect(
            try local.permits(peer("127.0.0.1")) && !local.permits(peer("10.0.0.1")) && !local.permits(peer("8.8.8.8")))
        #expect(try !AddressPolicy(.added).keptLocal.permits(peer("127.0.0.1")))
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
