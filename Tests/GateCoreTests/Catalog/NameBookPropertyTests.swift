import GateTestKit
import Testing

@testable import GateCore

@Suite struct NameBookPropertyTests {
    private static let pool: [String] =
        [
            "echo", "ECHO", "e.cho", "e_cho", "e__cho", "e-cho", "gate_call", "gateCall", "s0_echo", "s1_echo",
            "s0_s1_echo",
        ]
        + ["caf\u{E9}", "cafe\u{301}", "K", "\u{212A}", "", "/", "\u{540D}", "a\u{0}b"]
        + (0..<12).map { String(repeating: "long-name_", count: 4) + "tail\($0)" }
        + [String(repeating: "x", count: 48), String(repeating: "x", count: 49), String(repeating: "X", count: 500)]
    private static let servers = [
        "s0", "s1", "s0_s1", "gate", "1st", "s-0", "a-server-with-a-name-as-long-as-it-may-be-0",
    ]

    @Test(arguments: 0..<40 as Range<UInt64>)
    func namesAreUniqueValidAndStable(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var book = NameBook()
        var known: [ToolIdentity: String] = [:]
        for _ in 0..<60 {
            let server = Self.servers.randomElement(using: &random) ?? "s0"
            switch Int.random(in: 0..<6, using: &random) {
            case 0: book.removeServer(server)
            case 1: book = NameBook(records: book.records)
            default:
                let count = Int.random(in: 0...Self.pool.count, using: &random)
                let tools = Self.pool.shuffled(using: &random).prefix(count)
                let given = book.setTools(Array(tools), of: server)
                #expect(given.map { Array($0.tool.utf8) } == tools.map { Array($0.utf8) })
                for record in given {
                    #expect(book.resolve(record.name) == .tool(record))
                    #expect(book.resolve(server: server, tool: record.tool) == .tool(record))
                }
            }
            for record in book.records {
                #expect(known[record.identity, default: record.name] == record.name)
                known[record.identity] = record.name
            }
        }
        let names = book.records.map(\.name)
        #expect(names.allSatisfy { ToolNaming.fits($0) && !ToolNaming.isReserved($0) })
        #expect(Set(names.map(ToolNaming.fold)).count == names.count)
        #expect(book.refusedRecords == 0)
    }
}
