import GateCore
import GateStore
import GateTestKit
import Testing

/// What every store of the call log promises.
@Suite struct CallLogStoreContractTests {
    enum Kind: String, CaseIterable, Sendable {
        case memory, sqlite

        func with(_ body: (any CallLogStore) async throws -> Void) async throws {
            switch self {
            case .memory: try await body(MemoryCallLogStore())
            case .sqlite:
                let directory = try TemporaryDirectory()
                let store = try SQLiteCallLogStore(path: directory.file("log.db")) { _ in }
                try await body(store)
                await store.close()
            }
        }
    }

    private func row(_ number: Int, server: String = "s", status: String = "success", bytes: Int = 10) -> LogRow {
        LogRow(
            time: number * 10, correlationID: "c-\(number)", agent: number % 2 == 0 ? "even" : "odd", server: server,
            tool: "t", status: status, record: [UInt8](repeating: UInt8(ascii: "x"), count: bytes))
    }

    @Test(arguments: Kind.allCases)
    func linesComeNewestFirstInPages(_ kind: Kind) async throws {
        try await kind.with { store in
            #expect(try await store.append((1...3).map { row($0) }) == 1)
            #expect(try await store.append((4...7).map { row($0) }) == 4)
            var query = LogQuery(limit: 3)
            var seen: [String] = []
            while true {
                let page = try await store.query(query)
                #expect(page.rows.map(\.record.count) == page.rows.map { _ in 10 })
                seen += page.rows.map(\.correlationID)
                guard let next = page.next else { break }
                query.before = next
            }
            #expect(seen == (1...7).reversed().map { "c-\($0)" })
            var following = LogQuery(limit: 2)
            following.after = 5
            #expect(try await store.query(following).rows.map(\.sequence) == [6, 7])
            following.after = 7
            #expect(try await store.query(following) == LogPage(rows: [], next: nil))
        }
    }

    @Test(arguments: Kind.allCases)
    func linesAreFound(_ kind: Kind) async throws {
        try await kind.with { store in
            _ = try await store.append(
                (1...6).map { row($0, server: $0 < 4 ? "a" : "b", status: $0 == 5 ? "error" : "success") })
            func found(_ change: (inout LogQuery) -> Void) async throws -> [Int64] {
                var query = LogQuery(limit: 10)
                change(&query)
                return try await store.query(query).rows.map(\.sequence)
            }
            let ofA = try await found { $0.server = "a" }
            let errors = try await found { $0.status = "error" }
            let even = try await found { $0.agent = "even" }
            let none = try await found { $0.tool = "x" }
            let between = try await found { query in
                query.since = 20
                query.until = 40
            }
            #expect(ofA == [3, 2, 1] && errors == [5] && even == [6, 4, 2] && none == [] && between == [4, 3, 2])
            #expect(try await store.find(correlationID: "c-4")?.sequence == 4)
            #expect(try await store.find(correlationID: "c-9") == nil)
        }
    }

    @Test(arguments: Kind.allCases)
    func oldLinesGoAndNumbersDoNotComeBack(_ kind: Kind) async throws {
        try await kind.with { store in
            for number in 1...10 { _ = try await store.append([row(number, bytes: 1_000)]) }
            try await store.trim(before: 35, maxBytes: .max)
            #expect(try await store.query(LogQuery(limit: 20)).rows.map(\.sequence) == [10, 9, 8, 7, 6, 5, 4])
            try await store.trim(before: 0, maxBytes: 2_500)
            #expect(try await store.query(LogQuery(limit: 20)).rows.map(\.sequence) == [10, 9])
            try await store.trim(before: 1_000, maxBytes: .max)
            #expect(try await store.append([row(11)]) == 11)
        }
    }

    @Test(arguments: Kind.allCases)
    func longPagesGoOverWhatWasWrittenTogether(_ kind: Kind) async throws {
        try await kind.with { store in
            _ = try await store.append((1...1_300).map { row($0) })
            _ = try await store.append((1_301...1_400).map { row($0) })
            var query = LogQuery(limit: 333)
            var seen: [Int64] = []
            while true {
                let page = try await store.query(query)
                seen += page.rows.map(\.sequence)
                guard let next = page.next else { break }
                query.before = next
            }
            #expect(seen == (1...1_400).reversed())
            var following = LogQuery(limit: 100)
            following.after = 1_250
            #expect(try await store.query(following).rows.map(\.sequence) == Array(1_251...1_350))
            #expect(try await store.find(correlationID: "c-513")?.sequence == 513)
            #expect(try await store.find(correlationID: "c-51")?.sequence == 51)
        }
    }

    @Test(arguments: Kind.allCases)
    func textsAreKeptByName(_ kind: Kind) async throws {
        try await kind.with { store in
            #expect(try await store.load("a") == nil)
            try await store.save("a", [1, 0, 2])
            try await store.save("a", [3])
            #expect(try await store.load("a") == [3])
        }
    }
}

extension CallLogStore {
    fileprivate func append(_ rows: [LogRow]) async throws(StoreFailure) -> Int64 {
        var blocks = [LogBlock()]
        for row in rows {
            if blocks[blocks.count - 1].isFull { blocks.append(LogBlock()) }
            blocks[blocks.count - 1].append(row)
        }
        return try await append(blocks)
    }
}
