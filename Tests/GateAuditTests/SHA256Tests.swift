import Testing

@testable import GateAudit

@Suite struct SHA256Tests {
    @Test func knownVector() {
        #expect(SHA256.hash("abc".utf8)?.prefix(4).elementsEqual([0xBA, 0x78, 0x16, 0xBF]) == true)
    }
}
