import GateBackend
import GateProtocol
import GateTestKit
import NIOCore
import Testing

@testable import GateServer

/// The tasks extension of 2026-07-28.
struct ModernTaskTests {
    @Test func aShortCallIsAnsweredAsEver() async throws {
        let services = FakeServices()
        try await FrontEndRig.with(services) { rig in
            let reply = try await rig.tasked("tools/call", name: "search", #""name":"search""#)
            #expect(reply["result"]?["resultType"]?.stringValue == "complete")
            #expect(reply["result"]?["content"]?.arrayValue?.isEmpty == false)
            #expect(services.asyncCalls.pending == 0)
        }
    }

    @Test func aLongCallBecomesATask() async throws {
        let hold = Hold()
        let services = FakeServices { _ throws(GateError) in
            await hold.wait()
            return #"{"content":[{"type":"text","text":"done"}],"structuredContent":[1]}"#
        }
        try await FrontEndRig.with(services, options: ModernTaskTests.soon) { rig in
            let created = try await rig.tasked("tools/call", name: "search", #""name":"search""#)["result"]
            #expect(created?["resultType"]?.stringValue == "task")
            #expect(created?["status"]?.stringValue == "working")
            #expect(created?["ttlMs"]?.intValue == 172_800_000)
            #expect(created?["pollIntervalMs"]?.intValue == 500)
            let id = try #require(created?["taskId"]?.stringValue)
            let working = try await rig.tasked("tasks/get", name: id, #""taskId":"\#(id)""#)["result"]
            #expect(working?["resultType"]?.stringValue == "complete")
            #expect(working?["status"]?.stringValue == "working")
            hold.open()
            let done = try await rig.ended(id)
            #expect(done["status"]?.stringValue == "completed")
            #expect(done["result"]?["structuredContent"]?.arrayValue?.count == 1)
            #expect(done["result"]?["resultType"]?.stringValue == "complete")
        }
    }

    @Test func nobodyElseGetsATask() async throws {
        let services = FakeServices { _ throws(GateError) in
            await withCheckedContinuation { $0.resume() }
            return #"{"content":[]}"#
        }
        try await FrontEndRig.with(services, options: ModernTaskTests.soon) { rig in
            let reply = try await rig.modern("tools/call", name: "search", #""name":"search","task":{}"#).json
            #expect(reply["result"]?["resultType"]?.stringValue == "complete")
            #expect(services.calls.all.allSatisfy { !$0.isAsync })
            for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
                let id = String(repeating: "0", count: 32)
                let refused = try await rig.modern(method, name: id, #""taskId":"\#(id)","inputResponses":{}"#)
                #expect(refused.status == 400)
                let error = try refused.json["error"]
                #expect(error?["code"]?.intValue == -32021)
                let extensions = error?["data"]?["requiredCapabilities"]?["extensions"]
                #expect(extensions?["io.modelcontextprotocol/tasks"]?.objectValue != nil)
            }
            for method in ["tasks/list", "tasks/result"] {
                #expect(try await rig.modern(method).status == 404)
            }
            let listen = try await rig.modern("subscriptions/listen", #""notifications":{"taskIds":["x"]}"#)
            #expect(try listen.json["error"]?["code"]?.intValue == -32021)
        }
    }

    @Test func theHeaderNamesTheTask() async throws {
        try await FrontEndRig.with { rig in
            let id = String(repeating: "0", count: 32)
            let body = FrontEndRig.tasked("tasks/get", #""taskId":"\#(id)""#)
            for name in [nil, "other"] {
                let reply = try await rig.post(body, FrontEndRig.modernHeaders("tasks/get", name: name))
                #expect(try reply.json["error"]?["code"]?.intValue == -32020)
            }
            let unknown = try await rig.post(body, FrontEndRig.modernHeaders("tasks/get", name: id))
            #expect(try unknown.json["error"]?["code"]?.intValue == -32602)
        }
    }

    @Test func aToolCanAskToBeATaskAtOnce() async throws {
        let hold = Hold()
        let services = FakeServices { _ throws(GateError) in
            await hold.wait()
            throw GateError(
                .backendError, "refused", source: .backend, server: "web", sent: true,
                detail: Array(#"{"code":-32602,"message":"no"}"#.utf8))
        }
        try await FrontEndRig.with(services) { rig in
            let created = try await rig.tasked(
                "tools/call", name: "search", #""name":"search""#, meta: #""stonegate/task":true,"#)["result"]
            #expect(created?["resultType"]?.stringValue == "task")
            #expect(services.calls.all.allSatisfy { $0.meta == nil })
            hold.open()
            let id = try #require(created?["taskId"]?.stringValue)
            let failed = try await rig.ended(id)
            #expect(failed["status"]?.stringValue == "failed")
            #expect(failed["error"]?["code"]?.intValue == -32602)
            #expect(failed["statusMessage"]?.stringValue?.isEmpty == false)
            // What a tool says of itself is no failure of the task.
            let down = try await rig.tasked(
                "tools/call", name: "gate_call",
                #""name":"gate_call","arguments":{"server":"web","tool":"search"}"#,
                meta: #""stonegate/task":true,"#)["result"]?["taskId"]?.stringValue
            let completed = try await rig.ended(try #require(down))
            #expect(completed["status"]?.stringValue == "completed")
            #expect(completed["result"]?["isError"]?.boolValue == true)
        }
    }

    @Test func questionsAreAnsweredByUpdates() async throws {
        let services = FakeServices { call throws(GateError) in
            let text = await withCheckedContinuation { (continuation: CheckedContinuation<String, Never>) in
                let question = BackendQuestion(
                    method: MCPMethod.elicit,
                    params: ByteBuffer(
                        string: #"{"message":"Name?","requestedSchema":{"type":"object","properties":{}}}"#),
                    needs: .elicitationForm
                ) { answer in
                    if case .result(let text) = answer {
                        continuation.resume(returning: String(buffer: text))
                    } else {
                        continuation.resume(returning: #""refused""#)
                    }
                }
                call.listener?.onEvent(.question(question))
            }
            return #"{"content":[],"structuredContent":{"said":\#(text)}}"#
        }
        try await FrontEndRig.with(services) { rig in
            let created = try await rig.tasked("tools/call", name: "search", #""name":"search""#)["result"]
            #expect(created?["status"]?.stringValue == "input_required")
            let id = try #require(created?["taskId"]?.stringValue)
            let asked = try await rig.tasked("tasks/get", name: id, #""taskId":"\#(id)""#)["result"]
            let requests = try #require(asked?["inputRequests"]?.objectValue)
            let key = try #require(requests.members.first?.key)
            #expect(requests[key]?["method"]?.stringValue == "elicitation/create")
            #expect(requests[key]?["params"]?["message"]?.stringValue == "Name?")
            for (responses, code) in [(#"{"\#(key)":{"action":"maybe"}}"#, -32602), ("[]", -32602)] {
                let bad = try await rig.tasked(
                    "tasks/update", name: id, #""taskId":"\#(id)","inputResponses":\#(responses)"#)
                #expect(bad["error"]?["code"]?.intValue == code)
            }
            let ack = try await rig.tasked(
                "tasks/update", name: id,
                #""taskId":"\#(id)","inputResponses":{"\#(key)":{"action":"accept","content":{"n":1}},"other":{}}"#)
            #expect(ack["result"]?["resultType"]?.stringValue == "complete")
            let done = try await rig.ended(id)
            let said = done["result"]?["structuredContent"]?["said"]
            #expect(said?["content"]?["n"]?.intValue == 1)
        }
    }

    @Test func roundsOfAModernServerGoOnInTheTask() async throws {
        let services = FakeServices { call throws(GateError) in
            if let round = call.round {
                let said = round.responses.map { String(buffer: $0) } ?? "null"
                return #"{"content":[],"structuredContent":{"said":\#(said)}}"#
            }
            return
                #"{"resultType":"input_required","requestState":"s","inputRequests":{"who":{"method":"elicitation/create","params":{"message":"?","requestedSchema":{"type":"object","properties":{}}}}}}"#
        }
        try await FrontEndRig.with(services) { rig in
            // While its client waits, a round is the client's own.
            let interim = try await rig.tasked("tools/call", name: "search", #""name":"search""#)["result"]
            #expect(interim?["resultType"]?.stringValue == "input_required")
            let created = try await rig.tasked(
                "tools/call", name: "search", #""name":"search""#, meta: #""stonegate/task":true,"#)["result"]
            let id = try #require(created?["taskId"]?.stringValue)
            let asked = try await rig.until(id) { $0["status"]?.stringValue == "input_required" }
            let key = try #require(asked["inputRequests"]?.objectValue?.members.first?.key)
            _ = try await rig.tasked(
                "tasks/update", name: id, #""taskId":"\#(id)","inputResponses":{"\#(key)":{"action":"decline"}}"#)
            let done = try await rig.ended(id)
            let said = done["result"]?["structuredContent"]?["said"]
            #expect(said?["who"]?["action"]?.stringValue == "decline")
        }
    }

    @Test func cancellingIsAcknowledged() async throws {
        let services = FakeServices { _ throws(GateError) in
            await Hold().wait()
            throw GateError(.cancelled, "told", sent: true)
        }
        try await FrontEndRig.with(services, options: ModernTaskTests.soon) { rig in
            let created = try await rig.tasked("tools/call", name: "search", #""name":"search""#)["result"]
            let id = try #require(created?["taskId"]?.stringValue)
            for _ in 0..<2 {
                let ack = try await rig.tasked("tasks/cancel", name: id, #""taskId":"\#(id)""#)["result"]
                #expect(ack?["resultType"]?.stringValue == "complete")
                #expect(ack?["taskId"] == nil)
            }
            #expect(try await rig.ended(id)["status"]?.stringValue == "cancelled")
            let other = try await rig.post(
                FrontEndRig.tasked("tasks/get", #""taskId":"\#(id)""#),
                FrontEndRig.modernHeaders("tasks/get", name: id).merging(["X-Stonegate-Agent": "other"]) { $1 })
            #expect(try other.json["error"]?["code"]?.intValue == -32602)
        }
    }

    @Test func aClientThatLeavesBeforeItIsToldOfATaskCancelsItsCall() async throws {
        let cancelled = Journal<Bool>(name: "cancelled")
        let services = FakeServices { _ throws(GateError) in
            await Hold().wait()
            cancelled.append(Task.isCancelled)
            throw GateError(.cancelled, "told", sent: true)
        }
        try await FrontEndRig.with(services) { rig in
            let connection = try RawConnection(port: rig.port)
            let body = FrontEndRig.tasked("tools/call", #""name":"search""#)
            var head = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            head += "Accept: application/json, text/event-stream\r\nContent-Length: \(body.utf8.count)\r\n"
            for (name, value) in FrontEndRig.modernHeaders("tools/call", name: "search") {
                head += "\(name): \(value)\r\n"
            }
            try connection.send(head + "\r\n" + body)
            _ = try await services.calls.first { _ in true }
            connection.close()
            #expect(try await cancelled.first { _ in true }.element)
        }
    }

    @Test func subscriptionsTellOfTasks() async throws {
        let hold = Hold()
        let services = FakeServices { _ throws(GateError) in
            await hold.wait()
            return #"{"content":[]}"#
        }
        try await FrontEndRig.with(services, options: ModernTaskTests.soon) { rig in
            let created = try await rig.tasked("tools/call", name: "search", #""name":"search""#)["result"]
            let id = try #require(created?["taskId"]?.stringValue)
            let foreign = String(repeating: "0", count: 32)
            let stream = try await rig.stream(
                FrontEndRig.tasked(
                    "subscriptions/listen", id: "7", #""notifications":{"taskIds":["\#(id)","\#(foreign)"]}"#),
                FrontEndRig.modernHeaders("subscriptions/listen"))
            let ack = try JSONValue(parsing: try await stream.next().data)
            #expect(
                ack["params"]?["notifications"]?["taskIds"]?.arrayValue?.compactMap(\.stringValue) == [id])
            hold.open()
            let notice = try JSONValue(parsing: try await stream.next().data)
            #expect(notice["method"]?.stringValue == "notifications/tasks")
            #expect(notice["params"]?["taskId"]?.stringValue == id)
            #expect(notice["params"]?["status"]?.stringValue == "completed")
            #expect(notice["params"]?["result"]?.objectValue != nil)
            #expect(
                notice["params"]?["_meta"]?["io.modelcontextprotocol/subscriptionId"]?.intValue == 7)
        }
    }

    @Test func theExtensionIsDeclared() async throws {
        try await FrontEndRig.with { rig in
            let found = try await rig.modern("server/discover").json["result"]?["capabilities"]
            #expect(found?["extensions"]?["io.modelcontextprotocol/tasks"]?.objectValue != nil)
            #expect(found?["tasks"] == nil)
        }
    }

    private static var soon: MCPOptions {
        var options = MCPOptions()
        options.taskAfter = .milliseconds(5)
        return options
    }
}

extension FrontEndRig {
    /// A request of a client that knows tasks and can be asked by forms.
    static func tasked(_ method: String, id: String = "1", _ params: String, meta: String = "") -> String {
        let meta =
            #""_meta":{\#(meta)"io.modelcontextprotocol/protocolVersion":"2026-07-28","#
            + #""io.modelcontextprotocol/clientCapabilities":{"elicitation":{"form":{}},"extensions":{"io.modelcontextprotocol/tasks":{}}}}"#
        let all = params.isEmpty ? meta : params + "," + meta
        return #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(all)}}"#
    }

    func tasked(_ method: String, name: String, _ params: String, meta: String = "") async throws -> JSONValue {
        try await post(
            FrontEndRig.tasked(method, params, meta: meta), FrontEndRig.modernHeaders(method, name: name)
        ).json
    }

    /// Polls a task until it is as the test wants it.
    func until(_ id: String, _ condition: (JSONValue) -> Bool) async throws -> JSONValue {
        for _ in 0..<2_000 {
            let task = try await tasked("tasks/get", name: id, #""taskId":"\#(id)""#)["result"] ?? .null
            if condition(task) { return task }
        }
        throw TestKitError("task \(id) did not come to what was waited for")
    }

    func ended(_ id: String) async throws -> JSONValue {
        try await until(id) { ["completed", "failed", "cancelled"].contains($0["status"]?.stringValue ?? "") }
    }
}
