import GateBackend
import GateCore
import GateProtocol
import GateStore
import GateTestKit
import NIOCore
import Synchronization
import Testing

@testable import GateServer

/// What an accepted call can rely on.
@Suite struct DurabilityTests {
    private static let owner = InstanceOwner.agent(ExactText("one"))
    private static let other = InstanceOwner.agent(ExactText("two"))

    /// What a store holds at the moment in which the process is killed while a call is where `tool` brings it.
    private func crashed(
        _ tool: String, arguments: String? = nil, queued: Bool = false
    ) async throws -> (store: MemoryCallStore, id: AsyncCallID) {
        var limits = AsyncCalls.Limits()
        limits.runningPerServer = 1
        let before = MemoryCallStore(maxBytes: .max)
        let snapshot = Mutex<StoredCall?>(nil)
        try await AsyncCallsRig.with(limits, store: before) { rig in
            if queued {
                _ = try await rig.calls.submit(rig.call("gate"), owner: Self.owner)
                _ = try await rig.begun.first { $0 == "gate" }
            }
            let view = try await rig.calls.submit(rig.call(tool, arguments: arguments), owner: Self.owner)
            if !queued { _ = try await rig.begun.first { $0 == tool } }
            snapshot.withLock { $0 = before.find(view.id) }
            rig.open()
        }
        let stored = try #require(snapshot.withLock { $0 })
        let store = MemoryCallStore(maxBytes: .max)
        _ = try store.insert(stored)
        return (store, stored.id)
    }

    @Test func whatWaitedIsCarriedOutAfterACrash() async throws {
        let (store, id) = try await crashed("echo", arguments: #"{"n": 1.0, "s":"é\u0000"}"#, queued: true)
        #expect(store.find(id)?.status == .queued)
        try await AsyncCallsRig.with(store: store) { rig in
            #expect(rig.recovered.all == [AsyncCalls.Recovered(queued: 1)])
            let ended = try #require(try await rig.calls.wait(id, for: [Self.owner]))
            #expect(ended.status == .complete)
            let call = try #require(rig.performed.all.first)
            #expect(call.arguments.map { String(buffer: $0) } == #"{"n": 1.0, "s":"é\u0000"}"#)
            #expect(call.caller.agent == "one")
            #expect(rig.performed.all.count == 1)
        }
    }

    @Test func whatWasSentIsNotRepeatedAfterACrash() async throws {
        let (store, id) = try await crashed("hold")
        #expect(store.find(id)?.status == .running)
        try await AsyncCallsRig.with(store: store) { rig in
            #expect(rig.recovered.all == [AsyncCalls.Recovered(unknown: 1)])
            let ended = try #require(try await rig.calls.wait(id, for: [Self.owner]))
            #expect(ended.status == .outcomeUnknown)
            guard case .error(let error)? = ended.outcome else { return #expect(Bool(false), "no error") }
            #expect(error.code == .outcomeUnknown && error.sent && !error.retryable)
            #expect(rig.performed.all.isEmpty)
            #expect(store.find(id)?.status == .outcomeUnknown)
        }
    }

    @Test func whatMayBeRepeatedIsCarriedOutAgainAfterACrash() async throws {
        let (store, id) = try await crashed("safe hold")
        #expect(store.find(id)?.isRepeatable == true)
        try await AsyncCallsRig.with(store: store) { rig in
            #expect(rig.recovered.all == [AsyncCalls.Recovered(queued: 1)])
            _ = try await rig.begun.first { $0 == "safe hold" }
            #expect(try await rig.calls.view(id, for: [Self.owner])?.status == .running)
        }
    }

    @Test func aCallThatMeetsTheStopOfTheGatewayIsLeftToTheNextRun() async throws {
        let store = MemoryCallStore(maxBytes: .max)
        try await AsyncCallsRig.with(store: store) { rig in
            let view = try await rig.calls.submit(rig.call("draining"), owner: Self.owner)
            _ = try await rig.begun.first { $0 == "draining" }
            let seen = try #require(try await rig.calls.wait(view.id, for: [Self.owner]))
            #expect(seen.status == .queued)
        }
        #expect(store.unfinished().map(\.status) == [.queued])
    }

    @Test func sequenceNumbersGoOnAfterARestart() async throws {
        let store = MemoryCallStore(maxBytes: .max)
        let first = Mutex<UInt64>(0)
        try await AsyncCallsRig.with(store: store) { rig in
            let view = try await rig.calls.submit(rig.call("echo"), owner: Self.owner)
            _ = try await rig.calls.wait(view.id, for: [Self.owner])
            first.withLock { $0 = view.record.sequence }
        }
        try await AsyncCallsRig.with(store: store) { rig in
            let view = try await rig.calls.submit(rig.call("echo"), owner: Self.owner)
            #expect(view.record.sequence > first.withLock { $0 })
        }
    }

    @Test func aRequestThatCannotBeReadEndsHonestly() async throws {
        let (store, id) = try await crashed("echo", queued: true)
        var stored = try #require(store.find(id))
        stored.request = Array("{\"tool\":7".utf8)
        let damaged = MemoryCallStore(maxBytes: .max)
        _ = try damaged.insert(stored)
        try await AsyncCallsRig.with(store: damaged) { rig in
            #expect(rig.recovered.all == [AsyncCalls.Recovered(unreadable: 1)])
            let ended = try #require(try await rig.calls.wait(id, for: [Self.owner]))
            guard case .error(let error)? = ended.outcome else { return #expect(Bool(false), "no error") }
            #expect(ended.status == .failed && error.code == .storageFailed && !error.sent)
        }
    }

    // MARK: A store that fails

    @Test(arguments: [StoreFailure.full("no room"), .failed("no"), .broken("fsync failed")])
    func whatCannotBeKeptIsNotAccepted(_ failure: StoreFailure) async throws {
        let store = MemoryCallStore(maxBytes: .max)
        try await AsyncCallsRig.with(store: store) { rig in
            store.fail(failure)
            await #expect { try await rig.calls.submit(rig.call("echo"), owner: Self.owner) } throws: { error in
                guard let error = error as? GateError, !error.sent else { return false }
                if case .full = failure { return error.code == .storageFull && error.retryable }
                return error.code == .storageFailed
            }
            #expect(rig.calls.pending == 0)
            #expect(rig.performed.all.isEmpty)
        }
    }

    @Test func nothingIsSentBeforeItIsKeptThatItIs() async throws {
        let tried = Journal<AsyncCallID>(name: "tried")
        let store = FailingCallStore { call in
            guard call.status == .running else { return nil }
            tried.append(call.id)
            return .full("no room")
        }
        try await AsyncCallsRig.with(store: store) { rig in
            let view = try await rig.calls.submit(rig.call("echo"), owner: Self.owner)
            _ = try await tried.first { $0 == view.id }
            #expect(rig.performed.all.isEmpty)
            #expect(try await rig.calls.view(view.id, for: [Self.owner])?.status == .queued)
            store.heal()
            #expect(try await rig.calls.wait(view.id, for: [Self.owner])?.status == .complete)
        }
    }

    @Test func anEndIsShownWhenItIsKept() async throws {
        let tried = Journal<AsyncCallID>(name: "tried")
        let store = FailingCallStore { call in
            guard call.status == .complete else { return nil }
            tried.append(call.id)
            return .full("no room")
        }
        try await AsyncCallsRig.with(store: store) { rig in
            let view = try await rig.calls.submit(rig.call("echo"), owner: Self.owner)
            _ = try await tried.first { $0 == view.id }
            let seen = try #require(try await rig.calls.view(view.id, for: [Self.owner]))
            #expect(seen.status == .running && seen.outcome == nil)
            store.heal()
            #expect(try await rig.calls.wait(view.id, for: [Self.owner])?.status == .complete)
            #expect(rig.performed.all.count == 1)
        }
    }

    @Test func anEndThatABrokenStoreCannotKeepIsNotShown() async throws {
        let tried = Journal<AsyncCallID>(name: "tried")
        let store = FailingCallStore { call in
            guard call.status.end != nil else { return nil }
            tried.append(call.id)
            return .broken("fsync failed")
        }
        try await AsyncCallsRig.with(store: store) { rig in
            let view = try await rig.calls.submit(rig.call("echo"), owner: Self.owner)
            _ = try await tried.first { $0 == view.id }
            // The next run may find the end, or a call that was sent.
            let seen = try #require(try await rig.calls.wait(view.id, for: [Self.owner], upTo: .milliseconds(50)))
            #expect(seen.status == .running && seen.outcome == nil)
            #expect(store.find(view.id)?.status == .running)
        }
    }

    @Test func aCallThatTheDiskMayHaveIsNotDenied() async throws {
        let store = FailingCallStore { _ in .broken("fsync failed") }
        try await AsyncCallsRig.with(store: store) { rig in
            await #expect { try await rig.calls.submit(rig.call("echo"), owner: Self.owner) } throws: { error in
                guard let error = error as? GateError else { return false }
                return error.code == .outcomeUnknown && error.sent && !error.retryable
            }
            #expect(rig.performed.all.isEmpty && rig.calls.pending == 0)
        }
    }

    // MARK: Keys

    @Test func oneKeyIsOneExecution() async throws {
        try await AsyncCallsRig.with { rig in
            let ids = try await withThrowingTaskGroup(of: AsyncCallID.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await rig.calls.submit(
                            rig.call("echo", arguments: "{}", key: "k"), owner: Self.owner
                        ).id
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            let id = try #require(ids.first)
            #expect(ids.count == 1)
            #expect(try await rig.calls.wait(id, for: [Self.owner])?.status == .complete)
            let again = try await rig.calls.submit(rig.call("echo", arguments: "{}", key: "k"), owner: Self.owner)
            #expect(again.id == id && again.status == .complete && again.outcome != nil)
            #expect(rig.performed.all.count == 1)
            #expect(rig.calls.pending == 0)
        }
    }

    @Test func aKeyMeansOneRequestOfOneOwner() async throws {
        try await AsyncCallsRig.with { rig in
            let first = try await rig.calls.submit(rig.call("echo", arguments: "{}", key: "k"), owner: Self.owner)
            for call in [
                rig.call("echo", arguments: "{ }", key: "k"), rig.call("down", arguments: "{}", key: "k"),
                rig.call("echo", key: "k"),
            ] {
                await #expect { try await rig.calls.submit(call, owner: Self.owner) } throws: {
                    ($0 as? GateError)?.code == .idempotencyConflict && ($0 as? GateError)?.status == 409
                }
            }
            let foreign = try await rig.calls.submit(rig.call("down", key: "k"), owner: Self.other)
            #expect(foreign.id != first.id)
        }
    }

    // MARK: The form in which it is kept

    @Test func aRequestIsReadAsItWasWritten() throws {
        var caller = Caller(
            agent: "é\"\n", source: .rest, session: .session(high: 1, low: 2), visibility: .servers(["a", "b"]))
        caller.isNamed = true
        var call = GatewayCall(
            server: "we\"b", .tool("t\u{7}", arguments: ByteBuffer(string: #"{"a" :[1 , 2]}"#)),
            meta: ByteBuffer(string: #""traceparent":"x""#), caller: caller)
        call.listener = CallListener(capabilities: [.elicitationForm, .sampling]) { _ in }
        var note = AsyncCallNote()
        note.isIndirect = true
        note.progressToken = ByteBuffer(string: "17")
        let written = KeptRequest(call: call, note: note, deadline: 5, keepTime: 6)
        let read = try #require(KeptRequest(written.bytes))
        #expect(read.call.target == call.target)
        #expect(read.call.arguments == call.arguments)
        #expect(read.call.meta == call.meta)
        #expect(read.call.caller.agent == caller.agent && read.call.caller.isNamed)
        #expect(read.call.caller.session == caller.session && read.call.caller.visibility == caller.visibility)
        #expect(read.call.listener?.capabilities == [.elicitationForm, .sampling])
        #expect(read.note.isIndirect && read.note.progressToken == note.progressToken)
        #expect(read.deadline == 5 && read.keepTime == 6)
        #expect(read.bytes == written.bytes)
        for end in 0..<written.bytes.count { #expect(KeptRequest(Array(written.bytes[..<end])) == nil) }
    }

    @Test func anOutcomeIsReadAsItWasWritten() throws {
        var error = GateError(
            .backendError, "no\n", source: .backend, server: "s", tool: "t", sent: true, correlationID: "c",
            detail: Array("{\"code\":1}".utf8))
        error.retryAfter = 3
        guard case .error(let read)? = KeptOutcome(KeptOutcome(.error(error), isIndirect: true).bytes)?.outcome else {
            return #expect(Bool(false), "no error")
        }
        #expect(read == error)
        let text = #"{"jsonrpc":"2.0","id":7,"result":{"content":[ ],"a":"\u00e9"}}"#
        let reply = CallReply(
            message: try WireMessage(ByteBuffer(string: text)), server: "s\"", tool: "t", duration: .milliseconds(3),
            correlationID: "c")
        let kept = try #require(KeptOutcome(KeptOutcome(.reply(reply), isIndirect: true).bytes))
        guard case .reply(let again) = kept.outcome else { return #expect(Bool(false), "no reply") }
        #expect(kept.isIndirect)
        #expect(String(buffer: again.message.buffer) == text)
        #expect(again.server == "s\"" && again.tool == "t" && again.duration == .milliseconds(3))
        for bytes in [[], Array("{}".utf8), Array("{}\n{}".utf8), Array("{\"kind\":\"reply\"}\n{".utf8)] {
            #expect(KeptOutcome(bytes) == nil)
        }
    }
}
