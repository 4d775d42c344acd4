import GateCore
import GateStore
import GateTestKit
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The files of the SQLite stores: durability, damage, versions.
@Suite struct StoreFileTests {
    private func bytes(_ path: String) -> [UInt8] { FileManager.default.contents(atPath: path).map(Array.init) ?? [] }
    private func write(_ bytes: some Collection<UInt8>, _ path: String) throws {
        try Data(bytes).write(to: URL(filePath: path))
    }

    private func open(
        _ directory: TemporaryDirectory, _ reports: Journal<String>? = nil
    ) throws(StoreFailure) -> SQLiteCallStore {
        try SQLiteCallStore(path: directory.file("calls.db"), maxBytes: .max) { reports?.append($0) }
    }

    @Test func whatIsKeptSurvivesTheProcess() async throws {
        let directory = try TemporaryDirectory()
        let first = try open(directory)
        let call = StoredCall.made(1, key: "k")
        _ = try await first.insert(call)
        // Not closed: what a killed process leaves.
        let copy = try TemporaryDirectory()
        for suffix in ["", "-wal"] {
            try write(bytes(directory.file("calls.db\(suffix)")), copy.file("calls.db\(suffix)"))
        }
        let second = try open(copy)
        #expect(try await second.find(call.id) == call)
        #expect(try await second.insert(.made(2, key: "k")) != nil)
        await first.close()
        await second.close()
        await #expect(throws: StoreFailure.self) { _ = try await second.insert(.made(3)) }
    }

    @Test func manyWritesAreFewCommits() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory)
        let before = store.commits
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sequence in 1...2_000 as ClosedRange<UInt64> {
                group.addTask { _ = try await store.insert(.made(sequence)) }
            }
            try await group.waitForAll()
        }
        #expect(store.commits - before < 1_000)
        #expect(try await store.unfinished().count == 2_000)
        await store.close()
    }

    @Test func filesAreTheOwnersAlone() async throws {
        let directory = try TemporaryDirectory()
        let stores = try SQLiteStores(directory: directory.path, maxResultBytes: .max) { _ in }
        _ = try await stores.calls.insert(.made(1))
        for name in ["store/calls.db", "store/calls.db-wal", "store/log.db"] {
            var status = stat()
            #expect(stat(directory.file(name), &status) == 0 && status.st_mode & 0o077 == 0, "\(name)")
        }
        await stores.close()
    }

    /// V-83: a crash can cut the log of writes at any byte.
    @Test func aTornEndCostsOnlyWhatWasNotAcknowledged() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory)
        var kept: [StoredCall] = []
        var sizes: [Int] = []
        for sequence in 1...6 as ClosedRange<UInt64> {
            let call = StoredCall.made(sequence, request: String(repeating: "r", count: 300))
            _ = try await store.insert(call)
            kept.append(call)
            sizes.append(bytes(directory.file("calls.db-wal")).count)
        }
        let (main, log) = (bytes(directory.file("calls.db")), bytes(directory.file("calls.db-wal")))
        await store.close()
        let copy = try TemporaryDirectory()
        for cut in stride(from: sizes[2], to: sizes[5], by: 97) {
            try write(main, copy.file("calls.db"))
            try write(log.prefix(cut), copy.file("calls.db-wal"))
            unlink(copy.file("calls.db-shm"))
            let torn = try open(copy)
            // All whose commit lies before the cut.
            let whole = sizes.count { $0 <= cut }
            let found = try await torn.unfinished()
            #expect(found.count >= whole, "cut at \(cut)")
            #expect(found == Array(kept.prefix(found.count)))
            await torn.close()
        }
    }

    @Test func aDamagedFileIsPutAsideAndWhatCanBeReadIsKept() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory)
        for sequence in 1...200 as ClosedRange<UInt64> {
            _ = try await store.insert(.made(sequence, request: String(repeating: "r", count: 900)))
        }
        await store.close()
        var content = bytes(directory.file("calls.db"))
        // A page in the middle of the table.
        let middle = content.count / 2 / 4_096 * 4_096
        for place in middle..<(middle + 4_096) { content[place] = 0xA5 }
        try write(content, directory.file("calls.db"))
        let reports = Journal<String>(name: "reports")
        let mended = try open(directory, reports)
        let report = try #require(reports.all.first)
        #expect(report.contains("quarantine") && report.contains("records could be read"))
        let found = try await mended.unfinished()
        #expect(found.count > 100 && found.count < 200)
        #expect(report.contains("\(found.count) records"))
        _ = try await mended.insert(.made(1_000))
        await mended.close()
        let again = try open(directory, reports)
        #expect(reports.all.count == 1)
        await again.close()
    }

    @Test func garbageIsPutAside() async throws {
        let directory = try TemporaryDirectory()
        try write(
            Array(
                "this is no database at all, but it is long enough to have a header of one hundred bytes, is it not? yes"
                    .utf8), directory.file("calls.db"))
        let reports = Journal<String>(name: "reports")
        let store = try open(directory, reports)
        #expect(reports.all.count == 1)
        _ = try await store.insert(.made(1))
        await store.close()
    }

    /// V-88: what a newer version wrote is refused, and not changed by a byte.
    @Test(arguments: [("newer", 60, UInt8(9), "newer stonegate"), ("foreign", 68, 1, "another program")])
    func filesOfOthersAreLeftAlone(_ what: String, _ offset: Int, _ value: UInt8, _ words: String) async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory)
        _ = try await store.insert(.made(1))
        await store.close()
        var content = bytes(directory.file("calls.db"))
        content[offset + 2] = value
        try write(content, directory.file("calls.db"))
        #expect {
            _ = try open(directory)
        } throws: { ($0 as? StoreFailure)?.reason.contains(words) == true }
        #expect(bytes(directory.file("calls.db")) == content)
        #expect(!FileManager.default.fileExists(atPath: directory.file("quarantine")))
    }

    /// A database of another program has no name either, as a rule.
    @Test func aForeignFileWithoutANameIsLeftAlone() async throws {
        let directory = try TemporaryDirectory()
        let made = try await Program.run(
            "/usr/bin/env",
            [
                "python3", "-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('create table theirs(x)')",
                directory.file("calls.db"),
            ])
        #expect(made.exit == .code(0))
        let content = bytes(directory.file("calls.db"))
        #expect(!content.isEmpty)
        #expect {
            _ = try open(directory)
        } throws: { ($0 as? StoreFailure)?.reason.contains("another program") == true }
        #expect(bytes(directory.file("calls.db")) == content)
    }

    /// V-88: files of the first version are read for ever.
    @Test func filesOfTheFirstVersionAreRead() async throws {
        let directory = try TemporaryDirectory()
        try write(bytes(Products.checkout + "/Tests/fixtures/store-1/calls.db"), directory.file("calls.db"))
        let store = try open(directory)
        let calls = try await store.list(
            CallQuery(owners: [.namedAgent(ExactText("reporter"))], order: .oldestFirst, limit: 10))
        #expect(calls.map(\.status) == [.complete, .queued])
        #expect(try await store.find(calls[0].id)?.outcome == Array("{\"kind\":\"error\"}\n{}".utf8))
        #expect(try await store.unfinished().map(\.request) == [Array("{\"tool\":\"t\"}".utf8)])
        await store.close()
    }

    /// F-29: a start with a long past.
    @Test func aLongPastDoesNotDelayAStart() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory)
        let outcome = [UInt8](repeating: UInt8(ascii: "x"), count: 300)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in 0..<110 as Range<UInt64> {
                group.addTask {
                    for number in 0..<1_000 as Range<UInt64> {
                        let call = StoredCall.made(part * 1_000 + number + 1, expiresAt: .max)
                        _ = try await store.insert(
                            part < 100 ? call.changed(.complete, revision: 3, outcome: outcome) : call)
                    }
                }
            }
            try await group.waitForAll()
        }
        await store.close()
        let begun = ContinuousClock.now
        let reopened = try open(directory)
        let unfinished = try await reopened.unfinished()
        let time = begun.duration(to: .now)
        print("F-29: opened, checked and 10,000 calls read in \(time)")
        #expect(unfinished.count == 10_000)
        #expect(time < .seconds(8))
        await reopened.close()
    }
}
