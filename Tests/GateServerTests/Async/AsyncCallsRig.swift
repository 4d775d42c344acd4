import GateBackend
import GateCore
import GateProtocol
import GateStore
import GateTestKit
import NIOCore
import NIOPosix
import Testing

@testable import GateServer

/// The calls under test, with tools that do what their name says.
struct AsyncCallsRig: Sendable {
    let calls: AsyncCalls
    let begun = Journal<String>(name: "begun")
    let cancelled = Journal<String>(name: "cancelled")
    let performed = Journal<GatewayCall>(name: "performed")
    let recovered = Journal<AsyncCalls.Recovered>(name: "recovered")
    private let gate = Hold()

    static func with(
        _ limits: AsyncCalls.Limits = AsyncCalls.Limits(), store: any CallStore = MemoryCallStore(maxBytes: .max),
        budget: MemoryBudget = MemoryBudget(), clock: @escaping @Sendable () -> Int = WallClock.milliseconds,
        _ body: @Sendable (AsyncCallsRig) async throws -> Void
    ) async throws {
        let rig = AsyncCallsRig(
            calls: AsyncCalls(
                limits: limits, store: store, budget: budget, loop: MultiThreadedEventLoopGroup.singleton.next(),
                clock: clock))
        rig.recovered.append(try await rig.calls.recover())
        async let running: Void = rig.calls.run(
            { call throws(GateError) in try await rig.perform(call) }, mayRepeat: { $0.target.tool.contains("safe") })
        do {
            try await body(rig)
        } catch {
            await rig.calls.shutDown()
            throw error
        }
        await rig.calls.shutDown()
        await running
        #expect(rig.calls.pending == 0)
    }

    func call(
        _ tool: String, server: String = "web", agent: String = "one", arguments: String? = nil,
        key: String? = nil
    ) -> GatewayCall {
        var call = GatewayCall(
            target: ToolTarget(server: server, tool: tool), arguments: arguments.map { ByteBuffer(string: $0) },
            caller: Caller(agent: agent, source: .mcp),
            listener: CallListener(capabilities: .questions) { _ in })
        call.key = key
        return call
    }

    func open() { gate.open() }

    private func perform(_ call: GatewayCall) async throws(GateError) -> CallReply {
        let tool = call.target.tool
        performed.append(call)
        begun.append(tool)
        switch tool {
        case "hold", "safe hold":
            await Hold().wait()
            cancelled.append(tool)
            throw GateError(.cancelled, "cancelled", sent: true)
        case "gate": await gate.wait()
        case "steps":
            for step in 1...2 { call.listener?.onEvent(.progress(ByteBuffer(string: "\"progress\":\(step)"))) }
            begun.append("steps told")
            await gate.wait()
        case "big": return reply(call, #"{"content":[],"text":"\#(String(repeating: "x", count: 10_000))"}"#)
        case "ask":
            let text = await withCheckedContinuation { continuation in
                let question = BackendQuestion(
                    method: "elicitation/create", params: ByteBuffer(string: "{}"), needs: .elicitationForm
                ) { answer in
                    guard case .result(let text) = answer else { return continuation.resume(returning: "null") }
                    continuation.resume(returning: String(buffer: text))
                }
                call.listener?.onEvent(.question(question))
            }
            return reply(call, #"{"content":[],"said":\#(text)}"#)
        case "rounds":
            let round = performed.all.count
            if round < 3 {
                return reply(
                    call,
                    #"{"resultType":"input_required","requestState":"s\#(round)","inputRequests":"#
                        + #"{"who":{"method":"elicitation/create","params":{}}}}"#
                )
            }
        case "busy":
            if performed.all.count == 1 { throw GateError(.overloaded, "busy", retryAfter: 1) }
        case "died": throw GateError(.backendDied, "died", sent: true)
        case "draining":
            calls.close()
            throw GateError(.draining, "stopping")
        case "down": throw GateError(.backendDown, "down")
        default: break
        }
        return reply(call, #"{"content":[],"tool":"\#(tool)"}"#)
    }

    private func reply(_ call: GatewayCall, _ result: String) -> CallReply {
        let text = #"{"jsonrpc":"2.0","id":7,"result":\#(result)}"#
        guard let message = try? WireMessage(ByteBuffer(string: text)) else { preconditionFailure(text) }
        return CallReply(
            message: message, server: call.server, tool: call.target.tool, duration: .zero, correlationID: "c")
    }
}
