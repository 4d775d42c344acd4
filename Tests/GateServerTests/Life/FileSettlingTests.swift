import GateCore
import GateTestKit
import Testing

@testable import GateServer

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// When a changed file is looked at. Time is given.
@Suite struct FileSettlingTests {
    private let start = Instant.now

    private func at(_ milliseconds: Int) -> Instant { start.advanced(by: .milliseconds(milliseconds)) }

    @Test func oneChangeIsLookedAtAfterTheQuiet() {
        var settling = FileSettling()
        #expect(settling.changed(now: at(0)) == at(200))
        #expect(settling.due(now: at(200)) == .look)
        // The next change begins anew.
        #expect(settling.changed(now: at(300)) == at(500))
        #expect(settling.due(now: at(500)) == .look)
    }

    @Test func aBurstIsLookedAtOnce() {
        var settling = FileSettling()
        #expect(settling.changed(now: at(0)) == at(200))
        for time in stride(from: 20, through: 180, by: 20) { #expect(settling.changed(now: at(time)) == nil) }
        #expect(settling.due(now: at(200)) == .wait(until: at(380)))
        #expect(settling.changed(now: at(370)) == nil)
        #expect(settling.due(now: at(380)) == .wait(until: at(570)))
        #expect(settling.due(now: at(570)) == .look)
    }

    @Test func aFileThatNeverRestsIsLookedAtAllTheSame() {
        var settling = FileSettling()
        var due = settling.changed(now: at(0))
        var looks = 0
        for time in stride(from: 50, through: 6_000, by: 50) {
            let scheduled = settling.changed(now: at(time))
            if due == nil { due = scheduled }
            guard let moment = due, at(time) >= moment else { continue }
            switch settling.due(now: at(time)) {
            case .wait(let until): due = until
            case .look:
                looks += 1
                due = nil
            }
        }
        #expect((2...3).contains(looks), "every two seconds, not \(looks) times in six")
    }

    @Test func aTimeThatComesTooEarlyWaits() {
        var settling = FileSettling()
        _ = settling.changed(now: at(0))
        #expect(settling.due(now: at(199)) == .wait(until: at(200)))
    }

    @Test func aClosedTerminalEndsTheGatewayAndASignalReloads() {
        #expect(HangUp(hadTerminal: true).meaning(hasTerminal: true) == .reload)
        #expect(HangUp(hadTerminal: true).meaning(hasTerminal: false) == .stop)
        #expect(HangUp(hadTerminal: false).meaning(hasTerminal: false) == .reload)
    }

    @Test func theDirectoryOfALinksTargetIsWatchedToo() throws {
        let own = try TemporaryDirectory()
        let other = try TemporaryDirectory()
        let plain = try own.write("", to: "plain.toml")
        #expect(ConfigWatcher.directories(of: plain) == [own.path])
        #expect(ConfigWatcher.directories(of: own.file("none.toml")) == [own.path])
        #expect(ConfigWatcher.directories(of: "none.toml") == ["."])
        #expect(ConfigWatcher.directories(of: "/none.toml") == ["/"])
        let target = try other.write("", to: "target.toml")
        #expect(symlink(target, own.file("link.toml")) == 0)
        #expect(ConfigWatcher.directories(of: own.file("link.toml")).first == own.path)
        #expect(ConfigWatcher.directories(of: own.file("link.toml")).count == 2)
    }
}
