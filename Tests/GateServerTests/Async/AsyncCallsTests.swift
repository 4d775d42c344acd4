import GateBackend
import GateCore
import GateProtocol
import GateStore
import GateTestKit
import NIOCore
import Synchronization
import Testing

@testable import GateServer

@Suite struct AsyncCallsTests {
    private static let owner = InstanceOwner.agent(ExactText("one"))
    private static let other = InstanceOwner.agent(ExactText("two"))

    private static func query(_ owner: InstanceOwner, after sequence: UInt64? = nil, limit: Int) -> CallQuery {
        CallQuery(owners: [owner], order: .oldestFirst, past: sequence, limit: limit)
    }

    @Test func aCallRunsAndItsOutcomeStays() async throws {
        try await AsyncCallsRig.with { rig in
            let view = try await rig.calls.submit(rig.call("echo"), owner: Self.owner)
            #expect(view.status == .queued)
            let ended = try #require(try await rig.calls.wait(view.id, for: [Self.owner]))
            #expect(ended.status == .complete)
            guard case .reply(let reply)? = ended.outcome else { return #expect(Bool(false), "no reply") }
            #expect(String(buffer: reply.result) == #"{"content":[],"tool":"echo"}"#)
            let again = try #require(try await rig.calls.view(view.id, for: [Self.owner]))
            #expect(again.status == .complete)
            #expect(rig.calls.pending == 0)
        }
    }

    @Test func onlyTheOwnerSeesACall() async throws {
        try await AsyncCallsRig.with { rig in
            let held = try await rig.calls.submit(rig.call("hold"), owner: Self.owner)
            let done = try await rig.calls.submit(rig.call("echo"), owner: Self.owner)
            _ = try await rig.calls.wait(done.id, for: [Self.owner])
            for id in [held.id, done.id] {
                #expect(try await rig.calls.view(id, for: [Self.other]) == nil)
                #expect(try await rig.calls.wait(id, for: [Self.other]) == nil)
                #expect(try await rig.calls.cancel(id, for: [Self.other]) == nil)
                #expect(!rig.calls.answer(id, for: [Self.other], "question-1", .result(ByteBuffer(string: "{}"))))
            }
            #expect(try await rig.calls.list(Self.query(Self.other, limit: 10)).isEmpty)
            #expect(try await rig.calls.list(Self.query(Self.owner, limit: 10)).map(\.id) == [held.id, done.id])
            #expect(
                try await rig.calls.list(Self.query(Self.owner, after: held.record.sequence, limit: 10)).map(\.id) == [
                    done.id
                ])
            #expect(try await rig.calls.list(Self.query(Self.owner, limit: 1)).map(\.id) == [held.id])
        }
    }

    @Test func aCancelledCallStaysCancelled() async throws {
        try await AsyncCallsRig.with { rig in
            let view = try await rig.calls.submit(rig.call("hold"), owner: Self.owner)
            _ = try await rig.begun.first { $0 == "hold" }
            guard case .cancelled(let cancelled)? = try await rig.calls.cancel(view.id, for: [Self.owner]) else {
                return #expect(Bool(false), "not cancelled")
            }
            #expect(cancelled.status == .cancelled)
            guard case .error(let error)? = cancelled.outcome else { return #expect(Bool(false), "no error") }
            #expect(error.code == .cancelled && error.sent)
            _ = try await rig.cancelled.first { $0 == "hold" }
            guard case .tooLate(let later)? = try await rig.calls.cancel(view.id, for: [Self.owner]) else {
                return #expect(Bool(false), "cancelled twice")
            }
            #expect(later.status == .cancelled)
        }
    }

    @Test func placesAtAServerAreFewAndTheRestWaits() async throws {
        var limits = AsyncCalls.Limits()
        limits.runningPerServer = 2
        try await AsyncCallsRig.with(limits) { rig in
            var views: [AsyncCallView] = []
            for _ in 0..<5 { views.append(try await rig.calls.submit(rig.call("hold"), owner: Self.owner)) }
            _ = try await rig.begun.first(from: 1) { $0 == "hold" }
            let elsewhere = try await rig.calls.submit(rig.call("echo", server: "other"), owner: Self.owner)
            _ = try await rig.calls.wait(elsewhere.id, for: [Self.owner])
            #expect(rig.begun.all.count { $0 == "hold" } == 2)
            // One that waits is cancelled, one that runs makes room.
            guard case .cancelled(let waiting)? = try await rig.calls.cancel(views[2].id, for: [Self.owner]),
                case .error(let error)? = waiting.outcome
            else { return #expect(Bool(false), "not cancelled") }
            #expect(!error.sent)
            _ = try await rig.calls.cancel(views[0].id, for: [Self.owner])
            _ = try await rig.begun.first(from: 3) { $0 == "hold" }
            #expect(try await rig.calls.view(views[3].id, for: [Self.owner])?.status == .running)
            #expect(try await rig.calls.view(views[4].id, for: [Self.owner])?.status == .queued)
        }
    }

    @Test func limitsRefuseAtOnce() async throws {
        var limits = AsyncCalls.Limits()
        limits.pending = 3
        limits.pendingPerAgent = 2
        try await AsyncCallsRig.with(limits) { rig in
            for _ in 0..<2 { _ = try await rig.calls.submit(rig.call("hold"), owner: Self.owner) }
            await #expect { try await rig.calls.submit(rig.call("hold"), owner: Self.owner) } throws: {
                ($0 as? GateError)?.code == .overloaded
                    && ($0 as? GateError)?.message.contains("async.max_pending_per_agent") == true
            }
            _ = try await rig.calls.submit(rig.call("hold", agent: "two"), owner: Self.other)
            await #expect { try await rig.calls.submit(rig.call("hold", agent: "three"), owner: Self.other) } throws: {
                ($0 as? GateError)?.message.contains("async.max_pending allows") == true
            }
        }
    }

    @Test func aStoreThatIsFullRefusesUntilResultsAreCollected() async throws {
        let store = MemoryCallStore(maxBytes: 25_000)
        try await AsyncCallsRig.with(store: store) { rig in
            var views: [AsyncCallView] = []
            for _ in 0..<3 {
                let view = try await rig.calls.submit(rig.call("big"), owner: Self.owner)
                views.append(view)
                _ = try await rig.calls.wait(view.id, for: [Self.owner])
            }
            await #expect { try await rig.calls.submit(rig.call("echo"), owner: Self.owner) } throws: {
                ($0 as? GateError)?.code == .storageFull && ($0 as? GateError)?.sent == false
            }
            // What nobody has seen stays.
            for view in views {
                guard case .reply? = try await rig.calls.view(view.id, for: [Self.owner])?.outcome else {
                    return #expect(Bool(false), "a result is lost")
                }
            }
        }
    }

    @Test func aResultThatIsTooLargeIsNotKept() async throws {
        var limits = AsyncCalls.Limits()
        limits.resultBytes = 1_000
        try await AsyncCallsRig.with(limits) { rig in
            let view = try await rig.calls.submit(rig.call("big"), owner: Self.owner)
            let ended = try #require(try await rig.calls.wait(view.id, for: [Self.owner]))
            #expect(ended.status == .failed)
            guard case .error(let error)? = ended.outcome else { return #expect(Bool(false), "no error") }
            #expect(error.sent && error.message.contains("async.max_result_bytes"))
        }
    }

    @Test func outcomesExpire() async throws {
        let now = Mutex(1_000_000)
        try await AsyncCallsRig.with(clock: { now.withLock { $0 } }) { rig in
            let view = try await rig.calls.submit(rig.call("echo"), owner: Self.owner, lifetime: .seconds(60))
            #expect(view.ttl == 60_000)
            now.withLock { $0 += 10_000 }
            let ended = try #require(try await rig.calls.wait(view.id, for: [Self.owner]))
            #expect(ended.record.expiresAt >= 1_060_000)
            now.withLock { $0 = ended.record.expiresAt - 1 }
            await rig.calls.upkeep()
            #expect(try await rig.calls.view(view.id, for: [Self.owner]) != nil)
            now.withLock { $0 = ended.record.expiresAt }
            await rig.calls.upkeep()
            #expect(try await rig.calls.view(view.id, for: [Self.owner]) == nil)
        }
    }

    @Test func aWaitHasItsTime() async throws {
        try await AsyncCallsRig.with { rig in
            let view = try await rig.calls.submit(rig.call("hold"), owner: Self.owner)
            let waited = try await rig.calls.wait(view.id, for: [Self.owner], upTo: .milliseconds(20))
            #expect(waited?.status.end == nil)
            let task = Task { try await rig.calls.wait(view.id, for: [Self.owner]) }
            task.cancel()
            #expect(try await task.value?.status.end == nil)
        }
    }

    @Test func anAttemptThatEndsSoonLeavesNothingBehind() async throws {
        try await AsyncCallsRig.with { rig in
            let view = try await rig.calls.attempt(rig.call("echo"), owner: Self.owner, for: .seconds(20))
            #expect(view.status == .complete)
            #expect(try await rig.calls.view(view.id, for: [Self.owner]) == nil)
            #expect(rig.calls.pending == 0)
        }
    }

    @Test func anAttemptThatTakesLongIsKept() async throws {
        try await AsyncCallsRig.with { rig in
            let view = try await rig.calls.attempt(rig.call("gate"), owner: Self.owner, for: .milliseconds(10))
            #expect(view.status.end == nil)
            #expect(try await rig.calls.view(view.id, for: [Self.owner]) != nil)
            rig.open()
            #expect(try await rig.calls.wait(view.id, for: [Self.owner])?.status == .complete)
        }
    }

    @Test func anAttemptWhoseCallerLeavesIsCancelled() async throws {
        try await AsyncCallsRig.with { rig in
            let task = Task { try await rig.calls.attempt(rig.call("hold"), owner: Self.owner, for: .seconds(60)) }
            _ = try await rig.begun.first { $0 == "hold" }
            task.cancel()
            #expect(try await task.value.status == .cancelled)
            _ = try await rig.cancelled.first { $0 == "hold" }
        }
    }

    @Test func progressIsTheNewest() async throws {
        try await AsyncCallsRig.with { rig in
            let view = try await rig.calls.submit(rig.call("steps"), owner: Self.owner)
            _ = try await rig.begun.first { $0 == "steps told" }
            let seen = try #require(try await rig.calls.view(view.id, for: [Self.owner]))
            #expect(seen.progress.map { String(buffer: $0) } == #""progress":2"#)
            rig.open()
            _ = try await rig.calls.wait(view.id, for: [Self.owner])
        }
    }

    @Test func aQuestionWaitsForItsAnswer() async throws {
        try await AsyncCallsRig.with { rig in
            let view = try await rig.calls.submit(rig.call("ask"), owner: Self.owner)
            let asked = try #require(try await rig.calls.wait(view.id, for: [Self.owner], orQuestion: true))
            #expect(asked.status == .inputRequired)
            let question = try #require(asked.questions.first)
            #expect(question.method == "elicitation/create")
            let answer = BackendQuestion.Answer.result(ByteBuffer(string: #"{"action":"accept"}"#))
            #expect(rig.calls.answer(view.id, for: [Self.owner], question.key, answer))
            #expect(!rig.calls.answer(view.id, for: [Self.owner], question.key, answer))
            let ended = try #require(try await rig.calls.wait(view.id, for: [Self.owner]))
            guard case .reply(let reply)? = ended.outcome else { return #expect(Bool(false), "no reply") }
            #expect(String(buffer: reply.result).contains("accept"))
        }
    }

    @Test func roundsOfQuestionsAreGoneThrough() async throws {
        try await AsyncCallsRig.with { rig in
            let view = try await rig.calls.submit(rig.call("rounds"), owner: Self.owner)
            var keys: Set<String> = []
            for _ in 0..<2 {
                let asked = try #require(try await rig.calls.wait(view.id, for: [Self.owner], orQuestion: true))
                let question = try #require(asked.questions.first)
                #expect(keys.insert(question.key).inserted)
                rig.calls.answer(view.id, for: [Self.owner], question.key, .result(ByteBuffer(string: #"{"a":1}"#)))
            }
            let ended = try #require(try await rig.calls.wait(view.id, for: [Self.owner]))
            #expect(ended.status == .complete)
            let rounds = rig.performed.all.compactMap(\.round)
            #expect(rounds.compactMap { $0.state.map { String(buffer: $0) } } == [#""s1""#, #""s2""#])
            #expect(rounds.allSatisfy { $0.responses.map { String(buffer: $0) } == #"{"who":{"a":1}}"# })
        }
    }

    @Test func anOverloadedServerIsTriedAgain() async throws {
        try await AsyncCallsRig.with { rig in
            let view = try await rig.calls.submit(rig.call("busy"), owner: Self.owner)
            #expect(try await rig.calls.wait(view.id, for: [Self.owner])?.status == .complete)
            #expect(rig.performed.all.count == 2)
        }
    }

    @Test func whatIsNotKnownIsSaid() async throws {
        try await AsyncCallsRig.with { rig in
            for (tool, status) in [("died", AsyncCallStatus.outcomeUnknown), ("down", .failed)] {
                let view = try await rig.calls.submit(rig.call(tool), owner: Self.owner)
                #expect(try await rig.calls.wait(view.id, for: [Self.owner])?.status == status)
            }
        }
    }

    @Test func closingLeavesWhatWaitsToTheNextRunAndLetsTheRestFinish() async throws {
        var limits = AsyncCalls.Limits()
        limits.runningPerServer = 1
        let store = MemoryCallStore(maxBytes: .max)
        let left = Mutex<AsyncCallID?>(nil)
        try await AsyncCallsRig.with(limits, store: store) { rig in
            let running = try await rig.calls.submit(rig.call("gate"), owner: Self.owner)
            _ = try await rig.begun.first { $0 == "gate" }
            let waiting = try await rig.calls.submit(rig.call("echo"), owner: Self.owner)
            left.withLock { $0 = waiting.id }
            rig.calls.close()
            #expect(try await rig.calls.wait(waiting.id, for: [Self.owner])?.status == .queued)
            await #expect { try await rig.calls.submit(rig.call("echo"), owner: Self.owner) } throws: {
                ($0 as? GateError)?.code == .draining
            }
            rig.open()
            #expect(try await rig.calls.wait(running.id, for: [Self.owner])?.status == .complete)
        }
        let id = try #require(left.withLock { $0 })
        try await AsyncCallsRig.with(limits, store: store) { rig in
            #expect(rig.recovered.all == [AsyncCalls.Recovered(queued: 1)])
            let ended = try #require(try await rig.calls.wait(id, for: [Self.owner]))
            #expect(ended.status == .complete)
        }
    }

    @Test func closingDoesNotWaitForAnswers() async throws {
        try await AsyncCallsRig.with { rig in
            let view = try await rig.calls.submit(rig.call("ask"), owner: Self.owner)
            let asked = try #require(try await rig.calls.wait(view.id, for: [Self.owner], orQuestion: true))
            #expect(asked.status == .inputRequired)
            rig.calls.close()
            let ended = try #require(try await rig.calls.wait(view.id, for: [Self.owner]))
            #expect(ended.status == .outcomeUnknown)
        }
    }

    @Test func noCallIsLeftBehindByAShutDown() async throws {
        for _ in 0..<50 {
            try await AsyncCallsRig.with { rig in
                async let first = try? rig.calls.attempt(rig.call("hold"), owner: Self.owner, for: .seconds(60))
                async let second = try? rig.calls.submit(rig.call("hold"), owner: Self.owner)
                await rig.calls.shutDown()
                _ = await (first, second)
            }
        }
    }

    @Test func shuttingDownSaysWhatIsKnown() async throws {
        let ended = Mutex<AsyncCallView?>(nil)
        try await AsyncCallsRig.with { rig in
            let view = try await rig.calls.submit(rig.call("hold"), owner: Self.owner)
            _ = try await rig.begun.first { $0 == "hold" }
            async let waited = rig.calls.wait(view.id, for: [Self.owner])
            await rig.calls.shutDown()
            let seen = try await waited
            ended.withLock { $0 = seen }
        }
        let view = try #require(ended.withLock { $0 })
        #expect(view.status == .outcomeUnknown)
    }

    @Test func whoLeavesLeavesNothingBehind() async throws {
        try await AsyncCallsRig.with { rig in
            let held = try await rig.calls.submit(rig.call("hold"), owner: Self.owner)
            let done = try await rig.calls.submit(rig.call("echo"), owner: Self.owner)
            _ = try await rig.calls.wait(done.id, for: [Self.owner])
            _ = try await rig.begun.first { $0 == "hold" }
            rig.calls.ownerLeft(Self.owner)
            _ = try await rig.cancelled.first { $0 == "hold" }
            _ = try await rig.calls.wait(held.id, for: [Self.owner])
            await rig.calls.end(Self.owner)
            #expect(try await rig.calls.list(Self.query(Self.owner, limit: 10)).isEmpty)
        }
    }

    @Test func watchersSeeEachChangeOfTheirOwn() async throws {
        try await AsyncCallsRig.with { rig in
            let seen = Journal<AsyncCallStatus>(name: "seen")
            let subscription = rig.calls.watch(Self.owner) { view, _ in seen.append(view.status) }
            _ = try await rig.calls.submit(rig.call("echo"), owner: Self.other)
            _ = try await rig.calls.submit(rig.call("echo"), owner: Self.owner)
            _ = try await seen.first { $0 == .complete }
            #expect(seen.all == [.running, .complete])
            withExtendedLifetime(subscription) {}
        }
    }

    @Test func idsAreOnlyReadAsWritten() {
        var random = SystemRandomNumberGenerator()
        let id = AsyncCallID(using: &random)
        #expect(AsyncCallID(id.description) == id)
        #expect(id.description.utf8.count == 32)
        for bad in ["", "0", String(repeating: "g", count: 32), id.description + "0"] {
            #expect(AsyncCallID(bad) == nil)
        }
    }
}
