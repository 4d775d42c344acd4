import GateCore
import Testing

@testable import GateServer

/// S-12: lists are kept by what their caller sees. Two callers share one only when they see the same.
@Suite struct VisibilityTests {
    @Test func namesThatLookLikeOneKeyAreTwo() {
        let pairs: [([String], [String])] = [
            (["a", "b:c"], ["a:b", "c"]), (["a,b"], ["a", "b"]), (["a"], ["a", ""]), (["a/b"], ["a", "b"]),
            (["K"], ["\u{212A}"]), (["caf\u{E9}"], ["cafe\u{301}"]), (["a"], ["A"]), (["a"], ["a "]), ([], [""]),
        ]
        for (one, other) in pairs {
            #expect(Visibility(servers: one) != Visibility(servers: other), "\(one) and \(other)")
            #expect(Set([Visibility(servers: one), Visibility(servers: other)]).count == 2)
        }
        #expect(Visibility(servers: ["b", "a", "b"]) == Visibility(servers: ["a", "b"]))
        #expect(Visibility.server("a") != Visibility.servers(["a"]) && Visibility.all != Visibility.servers([]))
    }

    /// The same names under other rules are another list; the rules of an agent that were changed are, too.
    @Test func rulesArePartOfTheKey() throws {
        func policy(_ allow: String...) throws -> AccessPolicy {
            let list = AccessRules.List(allow: try allow.map { try AccessPattern($0) }, deny: [])
            return AccessPolicy([AccessRules(owner: "x", tools: list)])
        }
        let all = Visibility(.all)
        var some = all
        some.access = try policy("a/*")
        var others = all
        others.access = try policy("a/*", "b/*")
        #expect(Set([all, some, others]).count == 3)
        var again = all
        again.access = try policy("a/*")
        #expect(again == some && again.hashValue == some.hashValue)
    }
}
