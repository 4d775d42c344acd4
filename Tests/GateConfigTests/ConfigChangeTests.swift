import Foundation
import Testing

@testable import GateConfig

/// What a new configuration changes in a running gateway: the pure difference.
@Suite struct ConfigChangeTests {
    private func backend(_ name: String, _ command: String = "run", timeout: Duration? = nil) -> BackendConfig {
        var backend = BackendConfig(name: name, connection: .stdio(.init(command: command)))
        backend.requestTimeout = timeout
        return backend
    }

    private func config(_ backends: [BackendConfig], _ edit: (inout GatewayConfig) -> Void = { _ in }) -> GatewayConfig
    {
        var config = GatewayConfig()
        config.backends = backends
        edit(&config)
        return config
    }

    @Test func backendsAreSortedIntoFourKinds() {
        let running = [backend("same"), backend("gone"), backend("other", "old")]
        let new = [backend("fresh"), backend("other", "new"), backend("same")]
        let change = ConfigChange(running: running, runtime: [], from: config(running), to: config(new))
        #expect(change.added == [backend("fresh")])
        #expect(change.removed == ["gone"])
        #expect(change.changed == [backend("other", "new")])
        #expect(change.unchanged == ["same"])
        #expect(change.collisions.isEmpty && change.applied.isEmpty && change.needsRestart.isEmpty)
        #expect(change.inForce == config(new))
        #expect(!change.isEmpty)
    }

    @Test func theSameFileOrAnotherOrderChangesNothing() {
        let running = [backend("a"), backend("b")]
        let change = ConfigChange(
            running: running, runtime: [backend("c")], from: config(running), to: config(running.reversed()))
        #expect(change.isEmpty)
        #expect(change.unchanged == ["b", "a", "c"])
    }

    /// Every key of a backend counts, so that none is overlooked that comes later.
    @Test func anyKeyOfABackendIsAChange() throws {
        var variants = [backend("a")]
        for edit: (inout BackendConfig) -> Void in [
            { $0.autoRestart = false }, { $0.healthCheck = false }, { $0.enabled = false },
            { $0.requestTimeout = .seconds(3) }, { $0.protocolEra = .legacy }, { $0.tools.deny = ["x*"] },
            { $0.isolation = .perAgent }, { $0.start = .lazy }, { $0.instances = 2 },
            { $0.maxInFlight = 3 }, { $0.circuitBreaker.failureThreshold = 3 }, { $0.trustAnnotations = true },
            { $0.connection = .stdio(.init(command: "run", args: ["-v"])) },
            { $0.connection = .stdio(.init(command: "run", env: ["A": Secret("b")])) },
            { $0.connection = .stdio(.init(command: "run", cwd: "/tmp")) },
        ] {
            var variant = backend("a")
            edit(&variant)
            variants.append(variant)
        }
        for (index, before) in variants.enumerated() {
            for (other, after) in variants.enumerated() {
                let change = ConfigChange(
                    running: [before], runtime: [], from: config([before]), to: config([after]))
                #expect(change.changed == (index == other ? [] : [after]), "\(index) to \(other)")
            }
        }
    }

    @Test func whatRunsCountsNotTheLastFile() {
        // Removed by hand, still in the file: it comes back.
        let both = [backend("a"), backend("b")]
        let change = ConfigChange(running: [backend("a")], runtime: [], from: config(both), to: config(both))
        #expect(change.added == [backend("b")])
        #expect(change.unchanged == ["a"])
    }

    @Test func serversAddedAtRunTimeStay() {
        let change = ConfigChange(
            running: [backend("a")], runtime: [backend("mine")], from: config([backend("a")]), to: config([]))
        #expect(change.removed == ["a"])
        #expect(change.unchanged == ["mine"])
    }

    @Test func aNameOfAServerAddedAtRunTimeIsACollision() {
        let new = config([backend("b"), backend("My-Server")])
        let change = ConfigChange(running: [], runtime: [backend("my_server")], from: config([]), to: new)
        #expect(change.collisions == [.init(index: 1, name: "My-Server", other: "my_server")])
        #expect(change.added == [backend("b")])
    }

    @Test func aNameInAnotherSpellingIsAnotherBackend() {
        let running = [backend("time")]
        let change = ConfigChange(running: running, runtime: [], from: config(running), to: config([backend("Time")]))
        #expect(change.removed == ["time"])
        #expect(change.added == [backend("Time")])
    }

    @Test func settingsReachTheBackendsThatTheyShape() {
        let running = [backend("own", timeout: .seconds(5)), backend("plain")]
        let runtime = [backend("added")]
        let times = ConfigChange(
            running: running, runtime: runtime, from: config(running),
            to: config(running) { $0.gateway.requestTimeout = .seconds(7) })
        #expect(times.applied == ["gateway.request_timeout"])
        #expect(times.changed.map(\.name) == ["plain", "added"])
        #expect(times.unchanged == ["own"])
        let all = ConfigChange(
            running: running, runtime: runtime, from: config(running),
            to: config(running) { $0.circuitBreaker.failureThreshold = 9 })
        #expect(all.applied == ["circuit_breaker.failure_threshold"])
        #expect(all.changed.map(\.name) == ["own", "plain", "added"])
        var idle = backend("idle")
        idle.idleTimeout = .seconds(1)
        let pool = ConfigChange(
            running: [idle, backend("plain")], runtime: [], from: config([]),
            to: config([idle, backend("plain")]) { $0.pool.idleTimeout = .seconds(9) })
        #expect(pool.changed.map(\.name) == ["plain"])
        let none = ConfigChange(
            running: running, runtime: runtime, from: config(running),
            to: config(running) { $0.limits.drainTimeout = .seconds(9) })
        #expect(none.applied == ["limits.drain_timeout"])
        #expect(none.changed.isEmpty)
        #expect(none.inForce.limits.drainTimeout == .seconds(9))
    }

    @Test func whatNeedsARestartKeepsItsOldValue() {
        let running = [backend("a")]
        let new = config(running) {
            $0.server.port = 4_000
            $0.server.dataDir = "/elsewhere"
            $0.server.allowedHosts = ["x"]
            $0.logging.level = .debug
            $0.limits.childProcesses = 8
        }
        let change = ConfigChange(running: running, runtime: [], from: config(running), to: new)
        #expect(
            change.needsRestart == ["server.port", "server.data_dir", "server.allowed_hosts", "logging.level"])
        #expect(change.applied == ["limits.child_processes"])
        var expected = config(running)
        expected.limits.childProcesses = 8
        #expect(change.inForce == expected)
        // It is said again at the next reload, until the gateway has been started anew.
        let again = ConfigChange(running: running, runtime: [], from: change.inForce, to: new)
        #expect(again.needsRestart == change.needsRestart)
        #expect(again.applied.isEmpty && again.changed.isEmpty)
    }

    /// Every key has an effect that copies and compares its own value.
    @Test func everyKeyIsCopiedAndCompared() throws {
        let toml = EffectiveConfig(GatewayConfig()).toml
        var other = GatewayConfig()
        other.server.dataDir = "/other"
        for field in ConfigField.all {
            #expect(field.isEqual(GatewayConfig(), GatewayConfig()), "\(field.key)")
            var copy = other
            field.copy(from: GatewayConfig(), to: &copy)
            #expect(field.isEqual(copy, GatewayConfig()), "\(field.key)")
            #expect((copy == GatewayConfig()) == (field.key == "server.data_dir"), "\(field.key)")
        }
        #expect(toml.contains("drain_timeout"))
    }

    /// docs/configuration.md names the keys of `[limits]` that count without a restart.
    @Test func theReferenceSaysWhatCountsAtOnce() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("docs/configuration.md"), encoding: .utf8)
        let section = try #require(
            text.components(separatedBy: "\n## Reload\n").last?.components(separatedBy: "\n## ").first)
        let list = try #require(section.components(separatedBy: "Of the other keys\n").last)
        let named = Set(list.components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 1 }.map(\.element))
        for field in ConfigField.all {
            let isNamed =
                named.contains(field.name) || named.contains(field.key) || named.contains("[\(field.section)]")
            if field.section == "limits" {
                #expect(
                    (named.contains(field.name) || named.contains(field.key)) == (field.effect != .restart),
                    "\(field.key)")
            } else {
                #expect(isNamed == (field.effect != .restart), "\(field.key)")
            }
        }
    }
}
