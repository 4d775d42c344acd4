import GateProtocol
import GateTestKit
import Synchronization
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Signals and reloads in any number while calls are under way: short forms of long faults.
@Suite(.serialized) struct ChurnTests {
    /// How long each storm lasts: short, unless STONEGATE_FAULT_SECONDS says otherwise.
    private static func length(_ short: Int) -> Duration {
        .seconds(ProcessInfo.processInfo.environment["STONEGATE_FAULT_SECONDS"].flatMap { Int($0) } ?? short)
    }

    /// Calls one server after the other, on several connections, until it is told to end.
    private final class Load: Sendable {
        private let gateway: GatewayProcess
        private let servers: [String]
        private let isOver = Atomic<Bool>(false)
        let calls = Atomic<Int>(0)
        let failures = Mutex<[String]>([])

        init(_ gateway: GatewayProcess, _ servers: [String]) {
            self.gateway = gateway
            self.servers = servers
        }

        func end() { isOver.store(true, ordering: .relaxed) }

        func run(width: Int) async {
            await withTaskGroup(of: Void.self) { group in
                for worker in 0..<width { group.addTask { await self.work(worker) } }
            }
        }

        private func work(_ worker: Int) async {
            var number = 0
            while !isOver.load(ordering: .relaxed) {
                number += 1
                let server = servers[(worker + number) % servers.count]
                let text = "\(worker)-\(number)"
                do {
                    let reply = try await gateway.call(server, "echo", ["text": .string(text)])
                    calls.add(1, ordering: .relaxed)
                    if reply.text != text {
                        failures.withLock { $0.append("\(server): \(reply.status) \(reply.json.text)") }
                    }
                } catch {
                    failures.withLock { $0.append("\(server): \(error)") }
                }
            }
        }

        var result: (calls: Int, failures: [String]) {
            (calls.load(ordering: .relaxed), failures.withLock { Array($0.prefix(5)) })
        }
    }

    /// A generator that gives the same numbers in every run.
    private struct Dice {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15

        mutating func roll(_ sides: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(truncatingIfNeeded: state >> 33) % sides
        }
    }

    @Test func signalsInAnyNumberHarmNobody() async throws {
        let mark = "storm-\(UInt32.random(in: 0 ... .max))"
        let config =
            try Backends.fake("one", ["--prefix", "", "--name", mark]) + Backends.fake("two", ["--name", mark])
        let gateway = try await GatewayProcess.start(config)
        try await gateway.running(["one", "two"])
        let pids = try await [gateway.pid("one"), gateway.pid("two")]
        let load = Load(gateway, ["one", "two"])
        async let calls: Void = load.run(width: 4)
        // SIGHUP, SIGCHLD, SIGPIPE, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT
        let signals: [Int32] = [1, 17, 13, 10, 12, 28, 18]
        var dice = Dice()
        var sent = 0
        let end = ContinuousClock.now + ChurnTests.length(3)
        while ContinuousClock.now < end {
            for _ in 0..<(1 + dice.roll(20)) {
                gateway.program.signal(signals[dice.roll(signals.count)])
                sent += 1
            }
            // A child comes and goes meanwhile.
            _ = try await Program.run("/bin/true", [])
        }
        load.end()
        await calls
        let (count, failures) = load.result
        print("signal storm: \(sent) signals, \(count) calls, \(failures.count) failed")
        #expect(failures == [])
        #expect(count > 0)
        #expect(try await [gateway.pid("one"), gateway.pid("two")] == pids)
        // Reaped: of the children, none is a zombie.
        #expect(Processes.kill(pids[0]))
        try await gateway.log("server is running", from: gateway.logged)
        #expect(
            try await eventually {
                try await ProcessList.children(of: gateway.program.pid).allSatisfy { !$0.hasPrefix("Z") }
            })
        #expect(try await gateway.stop() == .code(0))
        #expect(try await Program.run("/usr/bin/pgrep", ["-f", mark]).exit == .code(1), "processes are left")
    }

    @Test func reloadsInAnyNumberFailNoCall() async throws {
        let mark = "churn-\(UInt32.random(in: 0 ... .max))"
        func config(_ number: Int) throws -> String {
            let extra = number % 2 == 0 ? try Backends.fake("sometimes", ["--name", mark]) : ""
            return try Backends.fake("stays", ["--name", mark])
                + Backends.fake("changes", ["--name", mark, "--tools", "\(number % 7)"]) + extra
        }
        let gateway = try await GatewayProcess.start(config(1))
        try await gateway.running(["stays", "changes"])
        _ = try await gateway.reload()
        let pid = try await gateway.pid("stays")
        let children = try await ProcessList.children(of: gateway.program.pid).count
        let descriptors = try await ProcessList.descriptors(of: gateway.program.pid)
        let load = Load(gateway, ["stays", "changes"])
        async let calls: Void = load.run(width: 4)
        var rounds = 0
        let end = ContinuousClock.now + ChurnTests.length(5)
        while ContinuousClock.now < end {
            rounds += 1
            // Now and then a file that is wrong, by which nothing changes.
            if rounds % 5 == 0 {
                try gateway.rewriteConfig("[[backends]]\nname = ")
                #expect(try await gateway.admin("POST", "/gateway/reload", json: "{}").status == 422)
            }
            try gateway.replaceConfig(try config(rounds))
            let reply = try await gateway.admin("POST", "/gateway/reload", json: "{}")
            #expect(reply.status == 200, "\(reply.text)")
        }
        load.end()
        await calls
        let (count, failures) = load.result
        print("reload churn: \(rounds) reloads, \(count) calls, \(failures.count) failed")
        #expect(failures == [])
        #expect(count > 0 && rounds > 3)
        #expect(try await gateway.pid("stays") == pid)
        // Everything that was replaced is gone: processes and descriptors are as many as at the start.
        try gateway.replaceConfig(try config(1))
        #expect(try await gateway.admin("POST", "/gateway/reload", json: "{}").status == 200)
        #expect(
            try await eventually(within: .seconds(30)) {
                let now = try await ProcessList.children(of: gateway.program.pid)
                return now.count == children && now.allSatisfy { !$0.hasPrefix("Z") }
            }, "\(children) children at the start")
        #expect(
            try await eventually(within: .seconds(30)) {
                try await ProcessList.descriptors(of: gateway.program.pid) <= descriptors + 4
            }, "\(descriptors) descriptors at the start")
        #expect(try await gateway.stop() == .code(0))
        #expect(try await Program.run("/usr/bin/pgrep", ["-f", mark]).exit == .code(1), "processes are left")
    }
}
