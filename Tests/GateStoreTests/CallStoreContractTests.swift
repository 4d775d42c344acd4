import GateCore
import GateStore
import GateTestKit
import Testing

/// What every store of calls promises.
@Suite struct CallStoreContractTests {
    @Test(arguments: StoreKind.allCases)
    func aCallIsFoundAsItWasKept(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let call = StoredCall.made(
                1, owner: "é\u{0}\u{301}", server: "s'\"", key: "k", callback: "https://x/", request: "\u{0}{\"a\":1}")
            #expect(try await store.insert(call) == nil)
            #expect(try await store.find(call.id) == call)
            let ended = call.changed(.complete, revision: 3, outcome: [0, 255, 10], isRepeatable: true)
            try await store.update(ended)
            #expect(try await store.find(call.id) == ended.without(request: true))
            #expect(try await store.find(StoredCall.made(2).id) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func anEndNeverChangesAndRevisionsNeverGoBack(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let call = StoredCall.made(1)
            _ = try await store.insert(call)
            try await store.update(call.changed(.running, revision: 5))
            try await store.update(call.changed(.queued, revision: 4))
            try await store.update(call.changed(.queued, revision: 5))
            #expect(try await store.find(call.id)?.status == .running)
            // Waiting again is allowed: it was not sent after all. What it takes to carry it out is still there.
            try await store.update(call.changed(.queued, revision: 6))
            #expect(try await store.find(call.id)?.request == call.request)
            try await store.update(call.changed(.cancelled, revision: 7, outcome: [1]))
            try await store.update(call.changed(.complete, revision: 8, outcome: [2]))
            _ = try await store.insert(call.changed(.complete, revision: 9, outcome: [3]))
            let kept = try #require(try await store.find(call.id))
            #expect(kept.status == .cancelled && kept.outcome == [1] && kept.revision == 7)
            // A call that is not there is not made by a change.
            let other = StoredCall.made(2)
            try await store.update(other.changed(.running, revision: 1))
            #expect(try await store.find(other.id) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aCallThatEndsWhileItIsKeptIsKeptOnce(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let call = StoredCall.made(1)
            let ended = call.changed(.complete, revision: 3, outcome: [1])
            _ = try await store.insert(ended)
            _ = try await store.insert(call.changed(.running, revision: 2))
            #expect(try await store.find(call.id)?.status == .complete)
            let other = StoredCall.made(2)
            _ = try await store.insert(other.changed(.running, revision: 2))
            _ = try await store.insert(other.changed(.complete, revision: 3, outcome: [2]))
            #expect(try await store.find(other.id)?.outcome == [2])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aKeyIsOneCallOfOneOwner(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let first = StoredCall.made(1, key: "k")
            let losers = try await withThrowingTaskGroup(of: StoredCall?.self) { group in
                group.addTask { try await store.insert(first) }
                try await group.waitForAll()
                for sequence in 2..<20 as Range<UInt64> {
                    group.addTask { try await store.insert(.made(sequence, key: "k")) }
                }
                return try await group.reduce(into: [StoredCall?]()) { $0.append($1) }
            }
            #expect(losers.allSatisfy { $0 == first.without(request: true) })
            #expect(try await store.insert(.made(20, owner: "two", key: "k")) == nil)
            // Keys are bytes: what looks the same is not.
            #expect(try await store.insert(.made(21, key: "é")) == nil)
            #expect(try await store.insert(.made(22, key: "e\u{301}")) == nil)
            // Forgotten with its call.
            try await store.update(first.changed(.complete, revision: 1, outcome: [], expiresAt: 10))
            await store.expire(now: 10)
            #expect(try await store.insert(.made(23, key: "k")) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func listsAreOrderedFilteredAndPaged(_ kind: StoreKind) async throws {
        try await kind.with { store in
            var calls: [StoredCall] = []
            for sequence in 1...9 as ClosedRange<UInt64> {
                let call = StoredCall.made(
                    sequence, owner: sequence % 3 == 0 ? "two" : "one", server: sequence % 2 == 0 ? "even" : "odd")
                calls.append(call)
                _ = try await store.insert(call)
            }
            try await store.update(calls[0].changed(.complete, revision: 1, outcome: [1]))
            let one = InstanceOwner.agent(ExactText("one"))
            let two = InstanceOwner.agent(ExactText("two"))
            func numbers(_ query: CallQuery) async throws -> [UInt64] {
                let found = try await store.list(query)
                #expect(found.allSatisfy { $0.request.isEmpty && $0.outcome == nil })
                return found.map(\.sequence)
            }
            #expect(try await numbers(.init(owners: [one], order: .oldestFirst, limit: 3)) == [1, 2, 4])
            #expect(try await numbers(.init(owners: [one], order: .oldestFirst, past: 4, limit: 9)) == [5, 7, 8])
            #expect(try await numbers(.init(owners: [one, two], order: .newestFirst, limit: 3)) == [9, 8, 7])
            #expect(try await numbers(.init(owners: [one, two], order: .newestFirst, past: 7, limit: 2)) == [6, 5])
            #expect(
                try await numbers(.init(owners: [one], order: .newestFirst, server: "even", limit: 9)) == [8, 4, 2])
            #expect(
                try await numbers(.init(owners: [one], order: .newestFirst, statuses: [.complete], limit: 9)) == [1])
            #expect(try await numbers(.init(owners: [], order: .newestFirst, limit: 9)) == [])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func whatHasNotEndedIsFoundAtTheStart(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let calls = (1...4).map { StoredCall.made(UInt64($0)) }
            for call in calls.reversed() { _ = try await store.insert(call) }
            try await store.update(calls[1].changed(.running, revision: 1, isRepeatable: true))
            try await store.update(calls[2].changed(.failed, revision: 1, outcome: [1]))
            let found = try await store.unfinished()
            #expect(found.map(\.sequence) == [1, 2, 4])
            #expect(found.map(\.request) == [calls[0].request, calls[1].request, calls[3].request])
            #expect(found.map(\.isRepeatable) == [false, true, false])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func numbersAreNotGivenTwice(_ kind: StoreKind) async throws {
        try await kind.with { store in
            #expect(try await store.lastSequence() == 0)
            let call = StoredCall.made(41)
            _ = try await store.insert(call)
            try await store.update(call.changed(.complete, revision: 1, outcome: [1], expiresAt: 5))
            await store.expire(now: 5)
            #expect(try await store.find(call.id) == nil)
            #expect(try await store.lastSequence() == 41)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func onlyWhatHasEndedAndExpiredIsForgotten(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let calls = (1...3).map { StoredCall.made(UInt64($0), expiresAt: 10) }
            for call in calls { _ = try await store.insert(call) }
            try await store.update(calls[0].changed(.complete, revision: 1, outcome: [1], expiresAt: 20))
            try await store.update(calls[1].changed(.complete, revision: 1, outcome: [1], expiresAt: 21))
            await store.expire(now: 20)
            #expect(try await store.find(calls[0].id) == nil)
            #expect(try await store.find(calls[1].id) != nil)
            #expect(try await store.find(calls[2].id) != nil)
            await store.remove(.agent(ExactText("one")))
            #expect(try await store.find(calls[2].id) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func whoeverWasNotToldIsKnown(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let calls = (1...3).map { StoredCall.made(UInt64($0), callback: $0 == 3 ? nil : "https://x/") }
            for call in calls { _ = try await store.insert(call) }
            for call in calls { try await store.update(call.changed(.complete, revision: 1, outcome: [1])) }
            #expect(Set(try await store.untold(limit: 9)) == [calls[0].id, calls[1].id])
            await store.told(calls[0].id)
            #expect(try await store.untold(limit: 9) == [calls[1].id])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func resultsHaveTheirRoom(_ kind: StoreKind) async throws {
        try await kind.with(maxBytes: 2_000) { store in
            let calls = (1...4).map { StoredCall.made(UInt64($0)) }
            for call in calls { _ = try await store.insert(call) }
            let result = [UInt8](repeating: 1, count: 900)
            for (index, call) in calls.prefix(2).enumerated() {
                try await store.update(call.changed(.complete, revision: UInt64(index + 1), outcome: result))
            }
            #expect(store.refusal == nil)
            await store.collected(calls[1].id)
            try await store.update(calls[2].changed(.complete, revision: 3, outcome: result))
            // Nothing that was promised is taken away; what was read goes.
            _ = try await store.insert(.made(5))
            #expect(try await store.find(calls[1].id) == nil)
            #expect(try await store.find(calls[0].id)?.outcome == result)
            #expect(store.refusal == nil)
            try await store.update(calls[3].changed(.complete, revision: 4, outcome: result))
            guard case .full? = store.refusal else { return #expect(Bool(false), "not full") }
        }
    }
}
