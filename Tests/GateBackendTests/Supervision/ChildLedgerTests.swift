import CSpawn
import GateTestKit
import Testing

@testable import GateBackend

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the next start cleans up when neither the gateway nor its guardian could.
@Suite(.timeLimit(.minutes(1))) struct ChildLedgerTests {
    @Test func theNextStartEndsWhatAKilledGatewayLeft() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("children")
        let gateway = try await ProcessSpawner.shared.spawn(ProcessFixture.helper("ledgered", "6", path))
        defer { gateway.killGroup() }
        let stdio = try #require(gateway.takeStdio())
        defer { stdio.closeAll() }
        var left: [csp_process] = []
        while case let line = await ProcessFixture.line(stdio.stdout), line != "ready" {
            for pid in line.split(separator: " ").compactMap({ Int32($0) }) {
                left += [ProcessTable.find(pid)].compactMap { $0 }
            }
        }
        #expect(left.count == 9)
        gateway.signal(SIGKILL)
        _ = await gateway.exit
        // Their leaders go with the gateway; what those had started stays.
        let survivors = left.filter { $0.session != $0.pid }
        #expect(survivors.count == 3)
        #expect(survivors.allSatisfy(ProcessTable.isAlive))

        let ledger = try #require(ChildLedger(path: path))
        #expect(await ProcessFixture.blocking { ledger.sweep() } >= 3)
        for process in left { try await ProcessFixture.untilEnded(process.pid) }
        #expect(!left.contains(where: ProcessTable.isAlive))
        #expect(directory.read("children") == "")
        #expect(await ProcessFixture.blocking { ledger.sweep() } == 0)
    }

    @Test func hitsNobodyElse() async throws {
        let child = try await ProcessSpawner.shared.spawn(ProcessFixture.sh("exec sleep 600"))
        defer { child.killGroup() }
        let own = ProcessRecord(child)
        // The number has come to mean another process; the machine was started anew since.
        for (start, boot) in [
            (own.startTime - 1, own.bootID), (own.startTime + 1, own.bootID), (own.startTime, "another"),
        ] {
            let directory = try TemporaryDirectory()
            let path = try directory.write("+ \(own.pid) \(start) \(boot)\n", to: "children")
            let ledger = try #require(ChildLedger(path: path))
            #expect(await ProcessFixture.blocking { ledger.sweep() } == 0)
            #expect(child.status == nil)
        }
        let directory = try TemporaryDirectory()
        let path = try directory.write("+ \(own.pid) \(own.startTime) \(own.bootID)\n", to: "children")
        let ledger = try #require(ChildLedger(path: path))
        #expect(await ProcessFixture.blocking { ledger.sweep() } == 1)
        #expect(await child.exit == .signalled(SIGKILL))
    }

    @Test func readsWhatIsWholeAndNothingElse() {
        func pids(_ text: String) -> [Int32] { ChildLedger.living(in: Array(text.utf8)).map(\.pid).sorted() }
        #expect(pids("") == [])
        #expect(pids("+ 10 5 b\n+ 11 6 b\n- 10 5\n") == [11])
        // Of another start with the same number.
        #expect(pids("+ 10 5 b\n- 10 4\n") == [10])
        #expect(pids("+ 10 5 b\n+ 11 6 b") == [10])
        #expect(pids("+ 10 5 b\n+ 1") == [10])
        #expect(pids("+ 1 5 b\n+ 0 5 b\n+ -7 5 b\n+ x 5 b\n+ 12 y b\n+ 13 5\n\n\u{0}\u{0}\n+ 14 5 b\n") == [14])
    }

    @Test func forgetsTheEndedAndStaysSmall() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("children")
        let ledger = try #require(ChildLedger(path: path))
        ledger.began(ProcessRecord(pid: 100, startTime: 7, bootID: "boot"))
        for number in 0..<5_000 {
            let pid = Int32(200 + number)
            ledger.began(ProcessRecord(pid: pid, startTime: 8, bootID: "boot"))
            ledger.ended(pid: pid, startTime: 8)
        }
        let text = try #require(directory.read("children"))
        #expect(text.utf8.count < 70_000)
        #expect(ChildLedger.living(in: Array(text.utf8)).map(\.pid) == [100])
    }
}
