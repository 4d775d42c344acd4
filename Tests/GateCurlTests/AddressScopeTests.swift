import Testing

@testable import GateCurl

/// What kind of address a socket is about to be connected to, however an IPv4 address is wrapped.
@Suite struct AddressScopeTests {
    private func address(_ text: String) throws -> CurlPeerAddress {
        try #require(text.withCString { CurlPeerAddress(numeric: $0, port: 80) }, "\(text)")
    }

    @Test(
        arguments: [
            ("127.0.0.1", .loopback), ("0.0.0.0", .loopback), ("::", .loopback), ("::1", .loopback),
            ("::ffff:127.0.0.1", .loopback), ("::127.0.0.1", .loopback), ("64:ff9b::127.0.0.1", .loopback),
            ("64:ff9b:1::127.0.0.1", .loopback), ("2002:7f00:1::", .loopback), ("::ffff:0:127.0.0.1", .loopback),
            ("2001:0:1:2::80ff:fffe", .loopback), ("2a00::5efe:127.0.0.1", .loopback),
            ("2a00::200:5efe:10.0.0.1", .privateNetwork),
            ("10.0.0.1", .privateNetwork), ("172.16.0.1", .privateNetwork), ("192.168.0.1", .privateNetwork),
            ("100.64.0.1", .privateNetwork), ("fd00::1", .privateNetwork), ("fc00::1", .privateNetwork),
            ("fec0::1", .privateNetwork), ("2002:a00:1::", .privateNetwork), ("64:ff9b::10.0.0.1", .privateNetwork),
            ("169.254.1.1", .linkLocal), ("fe80::1", .linkLocal), ("febf::1", .linkLocal),
            ("::ffff:169.254.1.1", .linkLocal),
            ("fe80::5efe:8.8.8.8", .linkLocal), ("224.0.0.1", .reserved), ("255.255.255.255", .reserved),
            ("192.0.2.1", .reserved), ("198.18.0.1", .reserved), ("192.88.99.1", .reserved), ("240.0.0.1", .reserved),
            ("ff02::1", .reserved), ("100::1", .reserved), ("2001:db8::1", .reserved), ("3fff::1", .reserved),
            ("2001:10::1", .reserved), ("8.8.8.8", .global), ("::ffff:8.8.8.8", .global), ("64:ff9b::8.8.8.8", .global),
            ("2001:4860:4860::8888", .global), ("2a00::1", .global), ("172.32.0.1", .global), ("100.128.0.1", .global),
        ] as [(String, CurlPeerAddress.Scope)])
    func scope(text: String, expected: CurlPeerAddress.Scope) throws {
        #expect(try address(text).scope == expected)
    }

    @Test(arguments: [
        "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "169.254.170.2",
        "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254",
        "fd00:c1::a9fe:a9fe", "fd00:42::42",
    ])
    func isMetadata(text: String) throws {
        #expect(try address(text).isMetadata && !address(text).isOrdinary)
    }

    @Test(arguments: ["169.254.169.253", "100.100.100.201", "127.0.0.1", "8.8.8.8", "fd00:ec2::255", "::1", "10.0.0.1"])
    func isNone(text: String) throws { #expect(try !address(text).isMetadata) }

    /// A request that says nothing of addresses goes to no metadata service either.
    @Test func requestsAreHeldToItByDefault() async throws {
        let agent = try HostileEnvironment.agent()
        for host in ["169.254.169.254", "[fd00:ec2::254]", "[::ffff:a9fe:a9fe]", "0251.0376.0251.0376", "2852039166"] {
            let request = CurlRequest(url: "http://\(host)/latest/meta-data/")
            let error = await failure { () async throws(CurlError) in try await agent.send(request) }
            #expect(error?.kind == .refusedAddress && error?.sent == false, "\(host): \(String(describing: error))")
        }
        await agent.shutdown()
    }
}
