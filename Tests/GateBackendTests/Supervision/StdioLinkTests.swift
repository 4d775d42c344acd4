import GateProtocol
import GateTestKit
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import GateBackend

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the link says of each message when its process fails it.
@Suite(.timeLimit(.minutes(1))) struct StdioLinkTests {
    private let recorder = LinkRecorder()

    private func open(_ script: String, stall: Duration = .seconds(10)) async throws -> StdioLink {
        let child = try await ProcessSpawner.shared.spawn(ProcessFixture.sh(script))
        return try await StdioLink.open(
            child, limits: StdioLimits(writeStall: stall), loop: MultiThreadedEventLoopGroup.singleton.next(),
            receiver: recorder, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func send(_ key: UInt64, _ size: Int, on link: StdioLink) {
        link.send(
            OutboundMessage(
                key: key, method: MCPMethod.toolsCall, body: ByteBuffer(repeating: 0x78, count: size), era: .legacy))
    }

    private func closed() async throws -> (reason: String, unsent: [UInt64]) {
        let found = try await recorder.events.first { if case .closed = $0 { true } else { false } }
        guard case .closed(let reason, let unsent) = found.element else { throw TestKitError("not closed") }
        return (reason, unsent)
    }

    @Test func tellsWhatHasNotLeftWhenNothingIsRead() async throws {
        let link = try await open("exec sleep 600", stall: .milliseconds(400))
        for key in 1...4 { send(UInt64(key), 1 << 20, on: link) }
        // In the order of the loop: after the four.
        try await link.loop.submit {}.get()
        #expect(link.abandon(3))
        #expect(!link.abandon(1))
        let end = try await closed()
        #expect(end.reason == "it stopped reading its input")
        #expect(end.unsent == [2, 4])
        try await ProcessFixture.untilEnded(link.child.pid)
        #expect(await link.child.exit == .signalled(SIGKILL))
    }

    @Test func refusesWhatItHasNoRoomFor() async throws {
        let link = try await open("exec sleep 600")
        for key in 1...3 { send(UInt64(key), StdioOutbox.capacity / 2 - 1, on: link) }
        let failure = try await recorder.failure(3)
        #expect(!failure.sent)
        #expect(failure.message == "it does not read its input")
        await link.close()
        #expect(try await closed().unsent == [2])
    }

    @Test func aSlowReaderGetsEverythingInOrder() async throws {
        let link = try await open("sleep 0.2; exec cat", stall: .seconds(30))
        for key in 1...20 {
            let line = ByteBuffer(string: String(repeating: "\(key % 10)", count: 100_000) + "\n")
            link.send(OutboundMessage(key: UInt64(key), method: MCPMethod.toolsCall, body: line, era: .legacy))
        }
        _ = try await recorder.events.first(from: 19) { _ in true }
        for (index, line) in recorder.messages.enumerated() {
            #expect(line.utf8.count == 100_000)
            #expect(line.utf8.allSatisfy { $0 == UInt8(48 + (index + 1) % 10) })
        }
        await link.close()
    }

    @Test func theEndOfThePipesIsHeardWithoutACall() async throws {
        let link = try await open("exec 0<&-; exec sleep 600")
        #expect(try await closed().reason == "it closed its input")
        try await ProcessFixture.untilEnded(link.child.pid)
    }

    @Test func lastWordsAreHeardAndAnUnfinishedLineToo() async throws {
        let link = try await open(#"echo '{"last":1}'; printf 'no line end' >&2; exit 3"#)
        #expect(try await closed().reason == "exited with code 3")
        #expect(recorder.messages == [#"{"last":1}"#])
        #expect(link.stderrTail(3) == ["no line end"])
    }

    /// An orderly stop gives the process the time of the ladder, also when it closes its output first.
    @Test func closingIsNotTakenForFailing() async throws {
        let link = try await open("cat >/dev/null; exec 1>&-; sleep 0.3; exit 7")
        await link.close()
        #expect(link.child.status == .exited(code: 7))
    }
}
