import GateCore
import Testing

@Suite struct AddressRangeTests {
    private func contains(_ range: String, _ address: String, port: UInt16 = 80) throws -> Bool {
        try #require(AddressRange(range)).contains(#require(AddressRange.octets(address)), port: port)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.1.2.3/8", "10.9.9.9", true),
        ("172.16.0.0/12", "172.31.255.255", true), ("172.16.0.0/12", "172.32.0.0", false),
        ("192.168.1.0/25", "192.168.1.127", true), ("192.168.1.0/25", "192.168.1.128", false),
        ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "127.0.0.2", false), ("127.0.0.1/32", "127.0.0.1", true),
        ("0.0.0.0/0", "255.255.255.255", true), ("0.0.0.0/0", "::1", false), ("::/0", "fd00::1", true),
        ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe00::1", false), ("fd00::/9", "fd7f::", true),
        ("fd00::/9", "fd80::", false), ("[::1]", "::1", true), ("::1", "::2", false),
    ])
    func holds(range: String, address: String, expected: Bool) throws {
        #expect(try contains(range, address) == expected)
    }

    @Test func aPortNarrowsIt() throws {
        #expect(try contains("127.0.0.1:8080", "127.0.0.1", port: 8080))
        #expect(try !contains("127.0.0.1:8080", "127.0.0.1", port: 80))
        #expect(try contains("10.0.0.0/8:443", "10.1.1.1", port: 443))
        #expect(try contains("[fd00::]/8:443", "fd12::1", port: 443))
        #expect(try !contains("[::1]:443", "::1", port: 80))
        #expect(AddressRange("10.0.0.1")?.isOneAddress == true && AddressRange("10.0.0.1/31")?.isOneAddress == false)
    }

    @Test(arguments: [
        "", "a", "localhost", "10", "10.0.0", "010.0.0.1", "0x7f.1", "127.1", "2130706433", "10.0.0.0/33", "10.0.0.0/",
        "::1/129",
        "10.0.0.0/8/8", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:80:80", "[10.0.0.1]", "[::1", "::1]",
        "[::1]x",
        "fe80::1%eth0", " 10.0.0.1", "10.0.0.1 ", "10.0.0.0/-8", "10.0.0.0/8x", "1.2.3.4.5", ":::", "[]", "[]:80", "/8",
        ":80",
    ])
    func isNone(text: String) { #expect(AddressRange(text) == nil) }
}
