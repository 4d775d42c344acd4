import GateCore
import GateProtocol
import GateTestKit
import Synchronization
import Testing

@testable import GateBackend

/// Following resources of a backend, of both eras.
struct WatchTests {
    private static func flags(_ era: String) -> [String] { ["--era", era, "--resources", "3"] }

    private static func asked(_ test: TestBackend) async throws -> [String] {
        try await test.text("subscriptions").split(separator: "\n").map(String.init)
    }

    /// Waits until the backend has been asked for something, by asking it.
    private static func until(_ test: TestBackend, _ holds: ([String]) -> Bool) async throws -> [String] {
        let end = ContinuousClock.now.advanced(by: .seconds(20))
        while true {
            let asked = try await asked(test)
            if holds(asked) || ContinuousClock.now >= end { return asked }
        }
    }

    @Test func aSessionBackendIsAskedOnceForAll() async throws {
        try await TestBackend.over(WatchTests.flags("legacy")) { test in
            await test.reached(.running)
            let updates = Journal<String>(name: "updates")
            let second = Journal<String>(name: "updates of the second")
            var watches: [ResourceWatch] = [try await test.backend.watch("test://note/1") { updates.append($0) }]
            watches.append(try await test.backend.watch("test://note/1") { second.append($0) })
            let other = try await test.backend.watch("test://note/2") { updates.append($0) }
            #expect(try await WatchTests.asked(test) == ["subscribe test://note/1", "subscribe test://note/2"])
            _ = try await test.text("touch", #"{"uri":"test://note/1"}"#)
            #expect(try await updates.first { _ in true }.element == "test://note/1")
            #expect(try await second.first { _ in true }.element == "test://note/1")
            #expect(updates.all.count == 1)
            watches.removeLast()
            withExtendedLifetime(other) {}
            #expect(try await WatchTests.asked(test).count == 2)
            watches.removeAll()
            let asked = try await WatchTests.until(test) { $0.contains("unsubscribe test://note/1") }
            #expect(asked.contains("unsubscribe test://note/1"))
        }
    }

    @Test func aModernBackendIsListenedToOnOneStream() async throws {
        try await TestBackend.over(WatchTests.flags("modern")) { test in
            await test.reached(.running)
            let updates = Journal<String>(name: "updates")
            let one = try await test.backend.watch("test://note/1") { updates.append($0) }
            let two = try await test.backend.watch("test://note/2") { updates.append($0) }
            _ = try await test.text("touch", #"{"uri":"test://note/2"}"#)
            #expect(try await updates.first { _ in true }.element == "test://note/2")
            let asked = try await WatchTests.asked(test)
            #expect(asked.last == "listen test://note/1 test://note/2")
            withExtendedLifetime((one, two)) {}
            // What it does not grant is refused.
            await #expect(throws: GateError.self) { try await test.backend.watch("test://note/9") { _ in } }
            _ = try await test.text("touch", #"{"uri":"test://note/1"}"#)
            #expect(try await updates.first { $0 == "test://note/1" }.index == 1)
        }
    }

    @Test(arguments: ["legacy", "modern"])
    func watchesOutliveTheProcess(era: String) async throws {
        try await TestBackend.over(WatchTests.flags(era)) { test in
            await test.reached(.running)
            let updates = Journal<String>(name: "updates")
            let watch = try await test.backend.watch("test://note/1") { updates.append($0) }
            _ = await test.failure("crash")
            await test.reached(.running, times: 2)
            // What happened in between was announced by nobody.
            #expect(try await updates.first { _ in true }.element == "test://note/1")
            let count = updates.all.count
            _ = try await test.text("touch", #"{"uri":"test://note/1"}"#)
            #expect(try await updates.first(from: count) { _ in true }.element == "test://note/1")
            withExtendedLifetime(watch) {}
        }
    }

    @Test func aRefusalIsTold() async throws {
        try await TestBackend.over(WatchTests.flags("legacy")) { test in
            await test.reached(.running)
            do throws(GateError) {
                _ = try await test.backend.watch("test://note/9") { _ in }
                Issue.record("it was not refused")
            } catch {
                #expect(error.code == .backendError)
                #expect(String(decoding: error.detail ?? [], as: UTF8.self).contains("-32002"))
            }
        }
        for era in ["legacy", "modern"] {
            try await TestBackend.over(["--era", era]) { test in
                await test.reached(.running)
                do throws(GateError) {
                    _ = try await test.backend.watch("test://note/1") { _ in }
                    Issue.record("it was not refused")
                } catch {
                    #expect(error.message.contains("cannot be subscribed to"))
                }
            }
        }
    }

    // MARK: The values

    @Test func partsOfAResourceBelongToIt() {
        var table = WatchTable()
        let heard = Mutex<[String]>([])
        _ = table.add("file:///a") { _ in heard.withLock { $0.append("a") } }
        _ = table.add("file:///dir/") { _ in heard.withLock { $0.append("dir") } }
        for uri in ["file:///a", "file:///a/b", "file:///ab", "file:///dir/x", "file:///di", "file:///a#top"] {
            for body in table.followers(of: uri) { body(uri) }
        }
        #expect(heard.withLock { $0 } == ["a", "a", "dir", "a"])
    }

    @Test func aStreamIsReplacedOnlyWhenTheNextIsOpen() {
        var plan = ListenPlan()
        let tools = ListenPlan.Filter(tools: true)
        let more = ListenPlan.Filter(tools: true, uris: ["a"])
        var steps = [plan.wants(tools), plan.wants(ListenPlan.Filter())]
        plan.begin(1, tools)
        steps.append(plan.wants(tools))
        let first = plan.opened(1)
        steps.append(first?.isFirst ?? false)
        plan.begin(2, more)
        steps += [plan.isInForce(1), plan.isInForce(2), plan.isPending(2)]
        let second = plan.opened(2)
        steps += [second?.isFirst ?? true, plan.isInForce(1), plan.isInForce(2)]
        #expect(second?.replaced == [1])
        // The end of what was replaced is no news; that of the one in force is.
        steps += [plan.ended(1, refused: false), plan.ended(2, refused: false), plan.wants(more)]
        plan.begin(3, more)
        steps += [plan.ended(3, refused: true), plan.wants(more), plan.wants(tools)]
        #expect(
            steps == [
                true, false, false, true, true, false, true, false, false, true, false, true, true, false, false, true,
            ])
    }
}
