import GateConfig
import GateCore
import GateCurl
import GateTestKit
import Synchronization
import Testing

/// V-44: what the configuration has read in a URL is what libcurl connects to, or one of the two refuses it.
@Suite struct AddressAgreementTests {
    private static let hosts = [
        "127.0.0.1", "10.1.2.3", "169.254.169.254", "0x7f.1", "0177.0.0.1", "127.1", "2130706433", "[::1]",
        "[::ffff:10.0.0.1]",
        "[fd00:ec2::254]", "[::1%25lo]", "[::]", "0", "192.0.2.7", "255.255.255.255", "127.0.0.1.", "example.test",
        "a.0x7f",
        "１２７.0.0.1", "127。0。0。1", "xn--a", "localhost", "LOCALHOST", "a_b.test", "-", "a..b", ".a", "a.",
    ]
    private static let pieces = [
        "http://", "https://", "HTTP://", "http:/", "http:", "//", "/", "\\", "?", "#", "@", ":", "::", ":80", ":0",
        ":65536", ":080",
        "user@", "u:p@", "%00", "%2f", "%40", "%5c", "\t", "\r\n", " ", "\0", "[", "]", "..", ";", "&", "$(id)",
        "{a,b}", "[1-9]", "é",
        "\u{202E}", "\u{FF0F}", "\u{2025}", "x",
    ]

    private static func text(_ random: inout SeededGenerator) -> String {
        var parts = [
            pieces[Int.random(in: 0..<3, using: &random)], hosts[Int.random(in: 0..<hosts.count, using: &random)],
        ]
        if Bool.random(using: &random) { parts.append(":\(Int.random(in: 0...70_000, using: &random))") }
        if Bool.random(using: &random) { parts.append("/mcp?k=v") }
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            let piece =
                Bool.random(using: &random)
                ? pieces[Int.random(in: 0..<pieces.count, using: &random)]
                : hosts[Int.random(in: 0..<hosts.count, using: &random)]
            parts.insert(piece, at: Int.random(in: 0...parts.count, using: &random))
        }
        return parts.joined()
    }

    /// Ten thousand URLs. Those that are accepted and name an address are really given to libcurl, which is stopped when it opens the
    /// socket; the address there is the one that was read.
    @Test(.timeLimit(.minutes(2))) func whatIsReadIsWhatIsDialled() async throws {
        var random = SeededGenerator(seed: 44)
        let agent = try CurlAgent()
        let dialled = Mutex<[CurlPeerAddress]>([])
        var (accepted, numeric) = (0, 0)
        for number in 0..<10_000 {
            let text = Self.text(&random)
            guard let read = try? BackendURL(text), let fetched = try? CurlURL(text) else { continue }
            accepted += 1
            let host = fetched.host.lowercased().trimmingBrackets
            #expect(read.isSecure == (fetched.scheme == "https"), "\(number): \(text)")
            #expect((read.port ?? (read.isSecure ? 443 : 80)) == Int(fetched.port), "\(number): \(text)")
            guard let octets = AddressRange.octets(read.host) else {
                #expect(read.host == host && AddressRange.octets(host) == nil, "\(number): \(text)")
                continue
            }
            #expect(AddressRange.octets(host) == octets, "\(number): \(text)")
            numeric += 1
            var request = CurlRequest(url: text)
            request.allowedAddress = { address in
                dialled.withLock { $0.append(address) }
                return false
            }
            dialled.withLock { $0 = [] }
            let error = await #expect(throws: CurlError.self) { try await agent.send(request) }
            #expect(error?.kind == .refusedAddress && error?.sent == false, "\(number): \(text)")
            let expected: CurlPeerAddress =
                octets.count == 4 ? .ipv4(octets, port: fetched.port) : .ipv6(octets, port: fetched.port)
            #expect(dialled.withLock { $0 } == [expected], "\(number): \(text)")
        }
        await agent.shutdown()
        #expect(accepted > 1_000 && numeric > 500, "\(accepted) \(numeric)")
    }
}

extension String {
    fileprivate var trimmingBrackets: String { hasPrefix("[") ? String(dropFirst().dropLast()) : self }
}
