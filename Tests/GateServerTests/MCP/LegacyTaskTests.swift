import GateBackend
import GateProtocol
import GateTestKit
import NIOCore
import Synchronization
import Testing

@testable import GateServer

/// Tasks as sessions of 2025-11-25 have them.
struct LegacyTaskTests {
    @Test func aTaskIsCreatedPolledAndCollected() async throws {
        let hold = Hold()
        let services = FakeServices { call throws(GateError) in
            call.listener?.onEvent(.progress(ByteBuffer(string: #""progress":1,"total":3,"message":"one""#)))
            await hold.wait()
            return #"{"content":[{"type":"text","text":"done"}],"_meta":{"own":1}}"#
        }
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session()
            let created = try await rig.post(
                request("tools/call", #""name":"search","arguments":{"q":"x"},"task":{"ttl":60000}"#), headers
            ).json
            let task = try #require(created["result"]?["task"])
            let id = try #require(task["taskId"]?.stringValue)
            #expect(id.utf8.count == 32)
            #expect(task["status"]?.stringValue == "working")
            #expect(task["ttl"]?.intValue == 60_000)
            #expect(task["pollInterval"]?.intValue == 500)
            #expect(created["result"]?["_meta"]?["io.modelcontextprotocol/related-task"]?["taskId"]?.stringValue == id)
            _ = try await services.calls.first { $0.target.tool == "search" }
            let seen = try await poll(rig, headers, id) { $0["statusMessage"]?.stringValue != nil }
            #expect(seen["status"]?.stringValue == "working")
            #expect(services.calls.all.first?.isAsync == true)
            #expect(services.calls.all.first?.arguments.map { String(buffer: $0) } == #"{"q":"x"}"#)

            async let result = rig.post(request("tasks/result", id: "9", #""taskId":"\#(id)""#), headers)
            hold.open()
            let text = try await result.text
            #expect(
                text
                    == #"{"jsonrpc":"2.0","id":9,"result":{"content":[{"type":"text","text":"done"}],"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"\#(id)"},"own":1}}}"#
            )
            let done = try await rig.post(request("tasks/get", #""taskId":"\#(id)""#), headers).json["result"]
            #expect(done?["status"]?.stringValue == "completed")
            #expect(done?["pollInterval"] == nil)
            // It can be asked for again.
            let again = try await rig.post(request("tasks/result", id: "9", #""taskId":"\#(id)""#), headers).text
            #expect(again == text)
        }
    }

    @Test func aResultWithoutMetaGetsOne() async throws {
        try await FrontEndRig.with(FakeServices { _ in "{}" }) { rig in
            let headers = try await rig.session()
            let id = try await create(rig, headers)
            let text = try await rig.post(request("tasks/result", #""taskId":"\#(id)""#), headers).text
            #expect(
                text
                    == #"{"jsonrpc":"2.0","id":1,"result":{"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"\#(id)"}}}}"#
            )
        }
    }

    @Test func whatFailsIsAFailedTask() async throws {
        let services = FakeServices { call throws(GateError) in
            switch call.target.tool {
            case "search": return #"{"content":[{"type":"text","text":"no"}],"isError":true}"#
            default:
                throw GateError(
                    .backendError, "refused", source: .backend, server: "db", sent: true,
                    detail: Array(#"{"code":-32602,"message":"no such table"}"#.utf8))
            }
        }
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session()
            let failed = try await create(rig, headers)
            let result = try await rig.post(request("tasks/result", #""taskId":"\#(failed)""#), headers).json["result"]
            #expect(result?["isError"]?.boolValue == true)
            let task = try await rig.post(request("tasks/get", #""taskId":"\#(failed)""#), headers).json["result"]
            #expect(task?["status"]?.stringValue == "failed")
            #expect(task?["statusMessage"]?.stringValue?.isEmpty == false)

            let refused = try await create(rig, headers, "query")
            let error = try await rig.post(request("tasks/result", #""taskId":"\#(refused)""#), headers).json["error"]
            #expect(error?["code"]?.intValue == -32602)
            #expect(error?["message"]?.stringValue == "no such table")
            let wrapped = try await rig.post(
                request(
                    "tools/call", #""name":"gate_call","arguments":{"server":"db","tool":"query"},"task":{}"#), headers
            ).json["result"]?["task"]?["taskId"]?.stringValue
            let indirect = try await rig.post(
                request("tasks/result", #""taskId":"\#(try #require(wrapped))""#), headers
            ).json["result"]
            #expect(indirect?["isError"]?.boolValue == true)
        }
    }

    @Test func cancelledIsCancelledForGood() async throws {
        let cancelled = Journal<Bool>(name: "cancelled")
        let services = FakeServices { _ throws(GateError) in
            await Hold().wait()
            cancelled.append(Task.isCancelled)
            throw GateError(.cancelled, "told", sent: true)
        }
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session()
            let id = try await create(rig, headers)
            _ = try await services.calls.first { _ in true }
            let reply = try await rig.post(request("tasks/cancel", #""taskId":"\#(id)""#), headers).json["result"]
            #expect(reply?["status"]?.stringValue == "cancelled")
            #expect(try await cancelled.first { _ in true }.element)
            let again = try await rig.post(request("tasks/cancel", #""taskId":"\#(id)""#), headers).json["error"]
            #expect(again?["code"]?.intValue == -32602)
            #expect(again?["message"]?.stringValue?.contains("'cancelled'") == true)
            let result = try await rig.post(request("tasks/result", #""taskId":"\#(id)""#), headers).json["result"]
            #expect(result?["isError"]?.boolValue == true)
        }
    }

    @Test func tasksOfOthersDoNotExist() async throws {
        try await FrontEndRig.with { rig in
            let mine = try await rig.session()
            let theirs = try await rig.session()
            let id = try await create(rig, mine)
            for method in ["tasks/get", "tasks/result", "tasks/cancel"] {
                for task in [id, String(repeating: "0", count: 32), "", "nonsense"] {
                    let headers = task == id ? theirs : mine
                    let error = try await rig.post(request(method, #""taskId":"\#(task)""#), headers).json["error"]
                    #expect(error?["code"]?.intValue == -32602, "\(method) \(task)")
                }
                #expect(try await rig.post(request(method), mine).json["error"]?["code"]?.intValue == -32602)
            }
            #expect(try await rig.post(request("tasks/list"), theirs).json["result"]?["tasks"]?.arrayValue == [])
            // Nor do tasks exist in older sessions, where "task" is a member like any other.
            let old = try await rig.session("2025-06-18")
            let plain = try await rig.post(request("tools/call", #""name":"search","task":{}"#), old).json["result"]
            #expect(plain?["content"] != nil)
            for method in ["tasks/get", "tasks/list", "tasks/result", "tasks/cancel"] {
                #expect(try await rig.post(request(method), old).json["error"]?["code"]?.intValue == -32601)
            }
        }
    }

    @Test func listsComeInPages() async throws {
        try await FrontEndRig.with { rig in
            let headers = try await rig.session()
            var ids: [String] = []
            for _ in 0..<101 { ids.append(try await create(rig, headers)) }
            let first = try await rig.post(request("tasks/list"), headers).json["result"]
            let cursor = try #require(first?["nextCursor"]?.stringValue)
            let second = try await rig.post(request("tasks/list", #""cursor":"\#(cursor)""#), headers).json["result"]
            let listed = [first, second].flatMap { $0?["tasks"]?.arrayValue ?? [] }
            #expect(listed.map { $0["taskId"]?.stringValue } == ids)
            #expect(second?["nextCursor"] == nil)
            let bad = try await rig.post(request("tasks/list", #""cursor":"!""#), headers).json["error"]
            #expect(bad?["code"]?.intValue == -32602)
        }
    }

    @Test func whatCannotBeATaskIsRefused() async throws {
        let tools =
            FakeServices.standard + [
                .init(server: "web", name: "untasked", definition: #"{"name":"untasked","inputSchema":{}}"#)
            ]
        try await FrontEndRig.with(FakeServices(tools: tools)) { rig in
            let headers = try await rig.session()
            for (params, code) in [
                (#""name":"nothing","task":{}"#, -32602), (#""name":"search","task":5"#, -32602),
                (#""name":"search","task":{"ttl":"long"}"#, -32602), (#""name":"search","task":{"ttl":-1}"#, -32602),
                (#""name":"gate_status","task":{}"#, -32601), (#""name":"untasked","task":{}"#, -32601),
                (#""name":"gate_call","arguments":{"server":"web","tool":"nothing"},"task":{}"#, -32602),
            ] {
                let reply = try await rig.post(request("tools/call", params), headers).json
                #expect(reply["error"]?["code"]?.intValue == code, "\(params): \(reply.text)")
            }
            let huge = try await rig.post(
                request("tools/call", #""name":"search","task":{"ttl":9223372036854775807}"#), headers
            ).json["result"]?["task"]
            #expect(huge?["ttl"]?.intValue == 172_800_000)
        }
    }

    @Test func theEndOfASessionEndsItsTasks() async throws {
        let services = FakeServices { _ throws(GateError) in
            await Hold().wait()
            throw GateError(.cancelled, "told", sent: true)
        }
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session()
            _ = try await create(rig, headers)
            _ = try await services.calls.first { _ in true }
            #expect(services.asyncCalls.pending == 1)
            #expect(try await HTTP.send("DELETE", port: rig.port, "/mcp", headers: headers).status == 200)
            for _ in 0..<2_000 where services.asyncCalls.pending > 0 { await Task.yield() }
        }
        #expect(services.asyncCalls.pending == 0)
    }

    @Test func sessionsOfTheRevisionAreToldOfTasks() async throws {
        try await FrontEndRig.with { rig in
            for (version, knows) in [("2025-11-25", true), ("2025-06-18", false)] {
                let opening = try await rig.post(
                    request("initialize", #""protocolVersion":"\#(version)","capabilities":{}"#)
                ).json["result"]
                let tasks = opening?["capabilities"]?["tasks"]
                #expect((tasks != nil) == knows)
                if knows {
                    #expect(tasks?["requests"]?["tools"]?["call"]?.objectValue != nil)
                    #expect(tasks?["list"]?.objectValue != nil && tasks?["cancel"]?.objectValue != nil)
                }
                let listed = try await rig.post(request("tools/list"), try await rig.session(version)).json["result"]
                let gateCall = listed?["tools"]?.arrayValue?.first { $0["name"]?.stringValue == "gate_call" }
                #expect((gateCall?["execution"]?["taskSupport"]?.stringValue == "optional") == knows)
            }
        }
    }

    private func create(_ rig: FrontEndRig, _ headers: [String: String], _ tool: String = "search") async throws
        -> String
    {
        let reply = try await rig.post(request("tools/call", #""name":"\#(tool)","task":{}"#), headers).json
        return try #require(reply["result"]?["task"]?["taskId"]?.stringValue, "\(reply.text)")
    }

    /// Polls until a task is as the test wants it.
    private func poll(
        _ rig: FrontEndRig, _ headers: [String: String], _ id: String, until: (JSONValue) -> Bool
    ) async throws -> JSONValue {
        for _ in 0..<1_000 {
            let task = try await rig.post(request("tasks/get", #""taskId":"\#(id)""#), headers).json["result"] ?? .null
            if until(task) { return task }
        }
        throw TestKitError("task \(id) did not come to what was waited for")
    }
}

/// Opened once: lets everybody through, and those whose task is cancelled.
final class Hold: Sendable {
    private let state = Mutex<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    if !state.isOpen { state.waiters.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() } else if Task.isCancelled { open() }
            }
        } onCancel: {
            open()
        }
    }
}
