import GateCore
import GateProtocol
import GateStore
import GateTestKit
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import GateServer

@Suite struct CallbackTests {
    private static let owner = InstanceOwner.agent(ExactText("one"))
    private static let key = KeyedHash(key: [UInt8](repeating: 7, count: 32))

    // MARK: Who may be told

    @Test(arguments: [
        "https://ci.example.com/hook?x=1", "https://CI.example.com:8443/", "https://api.example.com:9000/a",
        "http://127.0.0.1:8080/", "http://[::1]/",
    ])
    func listedHostsAreTaken(_ url: String) throws {
        try CallbackPolicy(hosts: ["ci.example.com", "api.example.com:9000", "127.0.0.1:8080", "::1"]).check(url)
    }

    @Test(arguments: [
        ("https://other.example.com/", "not listed"), ("https://ci.example.com.evil.org/", "not listed"),
        ("https://api.example.com/", "not listed"), ("http://ci.example.com/", "https://"),
        ("https://ci.example.com@evil.org/", "user information"),
        ("https://user:pw@ci.example.com/", "user information"),
        ("ftp://ci.example.com/", "http"), ("https://ci.example.com\\@evil.org/", "ASCII"), ("", "http"),
        ("https://ci.example.com/\(String(repeating: "a", count: 2_100))", "longer"),
        ("http://169.254.169.254/", "https://"), ("https://127.1/", "ends in a number"),
    ])
    func othersAreRefused(_ url: String, _ why: String) {
        #expect {
            try CallbackPolicy(hosts: ["ci.example.com", "api.example.com:9000", "127.0.0.1"]).check(url)
        } throws: {
            ($0 as? GateError)?.code == .invalidParams && ($0 as? GateError)?.message.contains(why) == true
        }
    }

    @Test func withoutHostsCallbacksAreOff() {
        #expect { try CallbackPolicy(hosts: []).check("https://ci.example.com/") } throws: {
            ($0 as? GateError)?.message.contains("async.callback_hosts") == true
        }
    }

    @Test func aCallWithABadCallbackIsNotAccepted() async throws {
        try await AsyncCallsRig.with { rig in
            await #expect(throws: GateError.self) {
                try await rig.calls.submit(rig.call("echo"), owner: Self.owner, callback: "https://x.example.com/")
            }
            #expect(rig.performed.all.isEmpty)
        }
    }

    // MARK: Telling

    @Test func pausesGrowAndEndAfterADay() {
        var schedule = CallbackSchedule()
        var pauses: [Duration] = []
        while let pause = schedule.nextPause() { pauses.append(pause) }
        #expect(pauses.prefix(3) == [.seconds(1), .seconds(5), .seconds(30)])
        #expect(pauses == pauses.sorted())
        #expect(pauses.reduce(.zero, +) <= .seconds(86_400))
        #expect(pauses.count > 20)
    }

    private struct Attempt: Sendable {
        let url: String
        let headers: [String: String]
        let body: [UInt8]
    }

    private func sender(
        _ store: FailingCallStore, _ attempts: Journal<Attempt>, _ answers: [Int?]
    ) throws -> CallbackSender {
        let answers = Mutex(answers)
        return CallbackSender(
            store: store, key: try #require(Self.key), loop: MultiThreadedEventLoopGroup.singleton.next(),
            logger: Logger(label: "test")
        ) { url, headers, body in
            let answer = answers.withLock { $0.isEmpty ? 200 : $0.removeFirst() }
            attempts.append(
                Attempt(
                    url: url, headers: Dictionary(headers.map { ($0.name, $0.value) }) { $1 }, body: body))
            return answer
        }
    }

    private func ended(_ store: FailingCallStore) throws -> StoredCall {
        var random = SystemRandomNumberGenerator()
        let error = GateError(.backendError, "no", server: "s", tool: "t", sent: true)
        let call = StoredCall(
            id: AsyncCallID(using: &random), sequence: 1, owner: Self.owner, agent: "one", server: "s", tool: "t",
            callback: "https://ci.example.com/", status: .failed, createdAt: 1_000, updatedAt: 2_000,
            expiresAt: 3_000, outcome: KeptOutcome(.error(error), isIndirect: false).bytes)
        _ = try store.insert(call)
        return call
    }

    @Test func anEndIsToldUntilItIsTakenAndSigned() async throws {
        let store = FailingCallStore()
        let call = try ended(store)
        let attempts = Journal<Attempt>(name: "attempts")
        // What an earlier run did not tell is told by this one.
        let sender = try sender(store, attempts, [nil, 204])
        async let running: Void = sender.run()
        let second = try await attempts.first(from: 1) { _ in true }.element
        _ = try await store.tellings.first { $0 == call.id }
        sender.stop()
        await running
        #expect(attempts.all.count == 2)
        #expect(second.url == "https://ci.example.com/")
        let time = try #require(second.headers["webhook-timestamp"])
        #expect(second.headers["webhook-id"] == call.id.description)
        let tag = try #require(Self.key).tag(Array("\(call.id).\(time).".utf8) + second.body)
        #expect(second.headers["webhook-signature"] == "v1," + Base64.encode(tag))
        let body = try JSONValue(parsing: second.body)
        #expect(body["call_id"]?.stringValue == call.id.description)
        #expect(body["status"]?.stringValue == "failed")
        #expect(body["error"]?["code"]?.stringValue == "BACKEND_ERROR")
    }

    @Test func goneMeansNeverAgain() async throws {
        let store = FailingCallStore()
        let call = try ended(store)
        let attempts = Journal<Attempt>(name: "attempts")
        let sender = try sender(store, attempts, [410])
        async let running: Void = sender.run()
        _ = try await store.tellings.first { $0 == call.id }
        sender.stop()
        await running
        #expect(attempts.all.count == 1)
    }

    @Test func whatIsNotToldWhenTheGatewayStopsIsLeftToTheNextRun() async throws {
        let store = FailingCallStore()
        let call = try ended(store)
        let attempts = Journal<Attempt>(name: "attempts")
        let sender = try sender(store, attempts, [500, 500, 500])
        async let running: Void = sender.run()
        _ = try await attempts.first { _ in true }
        sender.stop()
        await running
        #expect(store.untold(limit: 10) == [call.id])
    }

    @Test func base64IsTheStandardOne() {
        for (bytes, text) in [
            ([], ""), ([102], "Zg=="), ([102, 111], "Zm8="), ([102, 111, 111], "Zm9v"), ([251, 255], "+/8="),
        ]
            as [([UInt8], String)]
        {
            #expect(Base64.encode(bytes) == text)
            #expect(Base64.decode(text.utf8) == bytes)
        }
    }
}
