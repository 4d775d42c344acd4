import GateTestKit
import Testing

@testable import GateCore

@Suite struct PinBookTests {
    private static func digest(_ number: Int) -> DefinitionDigest {
        DefinitionDigest(bytes: [UInt8](repeating: 0, count: 31) + [UInt8(truncatingIfNeeded: number)])
    }

    private static func see(
        _ book: inout PinBook, _ tools: [(String, Int)], _ policy: IntegrityPolicy, now: Int = 1, aside: Bool = false,
        flagged: Bool = false
    ) -> PinBook.Judgement {
        book.judge(
            tools.map { PinBook.Sighting($0.0, digest($0.1), isFlagged: flagged) }, of: "s", policy, now: now,
            speaksForAll: !aside)
    }

    private static func approve(_ book: inout PinBook, _ tool: String, _ number: Int, reject: Bool = false) throws {
        let version = try book.deciding(
            reject ? .rejected : .approved, server: "s", tool: tool, digest(number), now: 9)
        book.decide(server: "s", tool: tool, try #require(version))
    }

    private static let block = IntegrityPolicy(onNew: .allow, onChange: .block)

    @Test func whatIsSeenFirstIsApprovedUnlessItIsAskedFor() {
        for (onNew, flagged, isHeld, isNews) in [
            (IntegrityPolicy.OnNew.allow, false, false, false), (.allow, true, false, true),
            (.report, false, false, true), (.block, false, true, true), (.block, true, true, true),
        ] {
            var book = PinBook()
            let first = Self.see(&book, [("a", 1)], .init(onNew: onNew), flagged: flagged)
            #expect((first.holds["a"] != nil) == isHeld && first.news.isEmpty != isNews, "\(onNew) \(flagged)")
            #expect(first.news.allSatisfy { $0.previous == nil && $0.isHeld == isHeld })
            #expect(first.added.map(\.version.standing) == [isNews ? .waiting : .approved])
            let again = Self.see(&book, [("a", 1)], .init(onNew: onNew))
            #expect(again.news.isEmpty && again.added.isEmpty && (again.holds["a"] != nil) == isHeld, "told once")
        }
    }

    @Test func aChangeIsHeldOrTold() throws {
        for policy in [IntegrityPolicy(), Self.block] {
            var book = PinBook()
            _ = Self.see(&book, [("a", 1), ("b", 2)], policy)
            let changed = Self.see(&book, [("a", 3), ("b", 2)], policy, now: 2)
            let isHeld = policy.onChange == .block
            #expect(changed.holds["a"] == (isHeld ? ToolHold(.changed, Self.digest(3)) : nil))
            #expect(changed.holds["b"] == nil, "others are not touched")
            #expect(
                changed.news == [
                    PinBook.News(tool: "a", digest: Self.digest(3), previous: Self.digest(1), isHeld: isHeld)
                ])
            // It goes, and comes back in the other form.
            #expect(Self.see(&book, [("b", 2)], policy, now: 3).holds.isEmpty)
            let back = Self.see(&book, [("a", 4), ("b", 2)], policy, now: 4)
            #expect(back.news.map(\.previous) == [Self.digest(1)] && (back.holds["a"] != nil) == isHeld)
            try Self.approve(&book, "a", 4)
            #expect(Self.see(&book, [("a", 4)], policy, now: 5).holds.isEmpty)
            #expect(Self.see(&book, [("a", 1)], policy, now: 6).holds.isEmpty, "what was approved once stays approved")
            #expect((Self.see(&book, [("a", 3)], policy, now: 7).holds["a"] != nil) == isHeld)
        }
    }

    /// A tool that is hidden as new, or was only reported, does not come out of it by changing.
    @Test func changingIsNoWayOut() {
        var book = PinBook()
        let hidden = IntegrityPolicy(onNew: .block, onChange: .report)
        _ = Self.see(&book, [("a", 1)], hidden)
        #expect(Self.see(&book, [("a", 2)], hidden).holds["a"]?.reason == .new)
        book = PinBook()
        let told = IntegrityPolicy(onNew: .report, onChange: .block)
        #expect(Self.see(&book, [("a", 1)], told).holds.isEmpty)
        #expect(Self.see(&book, [("a", 2)], told).holds["a"]?.reason == .changed)
    }

    @Test func theApprovalIsOfWhatWasShown() throws {
        var book = PinBook()
        _ = Self.see(&book, [("a", 1)], Self.block)
        _ = Self.see(&book, [("a", 2)], Self.block, now: 2)
        _ = Self.see(&book, [("a", 3)], Self.block, now: 3)
        #expect(throws: PinBook.Refusal.changedAgain(Self.digest(3))) { try Self.approve(&book, "a", 2) }
        #expect(throws: PinBook.Refusal.unknownTool) { try Self.approve(&book, "b", 2) }
        try Self.approve(&book, "a", 3)
        #expect(
            try book.deciding(.approved, server: "s", tool: "a", Self.digest(3), now: 10) == nil, "it stands so already"
        )
    }

    @Test func whatIsRejectedIsHeldUnderEveryPolicy() throws {
        var book = PinBook()
        _ = Self.see(&book, [("a", 1)], .init())
        _ = Self.see(&book, [("a", 2)], .init(), now: 2)
        try Self.approve(&book, "a", 2, reject: true)
        #expect(Self.see(&book, [("a", 2)], .init(), now: 3).holds["a"]?.reason == .rejected)
        #expect(Self.see(&book, [("a", 1)], .init(), now: 4).holds.isEmpty)
    }

    /// Instances that list other texts than the one that speaks for all: each is judged, and each can be approved.
    @Test func instancesMayDiffer() throws {
        var book = PinBook()
        _ = Self.see(&book, [("a", 1)], Self.block)
        #expect(Self.see(&book, [("a", 2)], Self.block, now: 2, aside: true).holds["a"] != nil)
        #expect(Self.see(&book, [("a", 1)], Self.block, now: 3).holds.isEmpty, "the others' calls go on")
        #expect(book.list("s").filter { $0.isOffered }.map(\.version.digest) == [Self.digest(1), Self.digest(2)])
        try Self.approve(&book, "a", 2)
        #expect(Self.see(&book, [("a", 2)], Self.block, now: 4, aside: true).holds.isEmpty)
        #expect(Self.see(&book, [("a", 1)], Self.block, now: 5).news.isEmpty)
    }

    @Test func whatIsRememberedIsBounded() throws {
        var book = PinBook(mostTools: 3)
        _ = Self.see(&book, [("a", 1)], .init())
        for number in 2..<60 { _ = Self.see(&book, [("a", number)], .init(), now: number) }
        #expect(book.versions(server: "s", tool: "a").count <= 2 * PinBook.mostVersions)
        #expect(book.versions(server: "s", tool: "a").first?.digest == Self.digest(1), "what was approved is kept")
        let more = Self.see(&book, [("b", 1), ("c", 1), ("d", 1)], .init(), now: 100)
        #expect(more.holds.isEmpty && !more.dropped.isEmpty && book.versions(server: "s", tool: "a").isEmpty)
        // Where changes are blocked, a flood of names does not push out what was approved.
        book = PinBook(mostTools: 1)
        _ = Self.see(&book, [("a", 1)], Self.block)
        #expect(Self.see(&book, [("b", 1)], Self.block).holds["b"]?.reason == .new)
        #expect(Self.see(&book, [("a", 2)], Self.block).holds["a"]?.reason == .changed)
    }

    @Test func whatIsRestoredIsAsItWas() throws {
        var book = PinBook()
        _ = Self.see(&book, [("a", 1)], Self.block)
        let second = Self.see(&book, [("a", 2)], Self.block, now: 2)
        var other = PinBook()
        for version in book.versions(server: "s", tool: "a") { other.restore(server: "s", tool: "a", version) }
        let judged = Self.see(&other, [("a", 2)], Self.block, now: 3)
        #expect(judged.holds == second.holds && judged.news.isEmpty && judged.added.isEmpty)
        other.forget("s")
        #expect(Self.see(&other, [("a", 2)], Self.block, now: 4).holds.isEmpty, "a server that was removed is new")
    }

    /// Against random histories: what is held is exactly what was never approved and may not be served so.
    @Test(arguments: 0..<50) func heldIsWhatNobodyApproved(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let policy = IntegrityPolicy(
            onNew: IntegrityPolicy.OnNew.allCases.randomElement(using: &random) ?? .allow,
            onChange: IntegrityPolicy.OnChange.allCases.randomElement(using: &random) ?? .report)
        var book = PinBook()
        var approved: Set<Int> = []
        var rejected: Set<Int> = []
        var first: Int?
        for now in 1...60 {
            let number = Int.random(in: 1...4, using: &random)
            if first == nil {
                first = number
                if policy.onNew == .allow { approved.insert(number) }
            }
            let held = Self.see(&book, [("a", number)], policy, now: now).holds["a"]
            let mayBeServed =
                approved.contains(number)
                || (!rejected.contains(number)
                    && (approved.isEmpty
                        ? policy.onNew != .block && (number == first || policy.onChange == .report)
                        : policy.onChange == .report))
            #expect((held == nil) == mayBeServed, "\(policy) \(number) after \(now)")
            switch Int.random(in: 0..<4, using: &random) {
            case 0 where !approved.contains(number):
                try Self.approve(&book, "a", number)
                approved.insert(number)
                rejected.remove(number)
            case 1 where !rejected.contains(number):
                try Self.approve(&book, "a", number, reject: true)
                rejected.insert(number)
                approved.remove(number)
            default: break
            }
        }
    }
}
