import GateClient
import GateProtocol
import GateTestKit
import Testing

/// Asynchronous calls through the SDK and the command line, against the real gateway.
@Suite(.timeLimit(.minutes(3)))
struct AsyncProgramsTests {
    private func gateway(_ body: (GatewayProcess) async throws -> Void) async throws {
        let gateway = try await GatewayProcess.start(Backends.fake("b"))
        try await gateway.running(["b"])
        try await body(gateway)
        try await gateway.stop()
    }

    private func client(_ gateway: GatewayProcess, agent: String = "sdk") throws -> GateClient {
        var options = GateClientOptions()
        options.agentName = agent
        return try GateClient(url: gateway.baseURL, options: options)
    }

    private func gatecall(
        _ gateway: GatewayProcess, _ arguments: String...
    ) async throws -> (exit: Program.Exit, output: String, errors: String) {
        try await Program.run(
            Products.path("gatecall"), arguments,
            environment: ["GATECALL_URL": gateway.baseURL, "HOME": "/nowhere", "PATH": "/usr/bin:/bin"])
    }

    // MARK: SDK

    @Test func aHandleTellsProgressAndValue() async throws {
        try await gateway { gateway in
            let client = try client(gateway)
            let call = try await client.callAsync("b/progress", arguments: ["n": 4, "ms": 30])
            var steps: [Double] = []
            for try await step in call.progress { steps.append(step.progress) }
            #expect(steps.last == 4 && steps == steps.sorted())
            #expect(try await call.value(timeout: .seconds(20)).text == "done after 4 steps")
            #expect(try await client.asyncCall(id: call.id).status().status == .complete)
            #expect(try await client.calls().calls.map(\.id) == [call.id])
            #expect(try await client.calls(status: .failed).calls.isEmpty)
            await client.shutdown()
        }
    }

    @Test func aHandleThrowsWhatTheCallFailedWith() async throws {
        try await gateway { gateway in
            let client = try client(gateway)
            let hung = try await client.callAsync("b/hang", arguments: [:])
            await #expect { try await hung.value(timeout: .milliseconds(50)) } throws: {
                ($0 as? GateError)?.code == .timeout
            }
            #expect(try await hung.cancel().status == .cancelled)
            await #expect { try await hung.value() } throws: { ($0 as? GateError)?.code == .cancelled }
            let died = try await client.callAsync("b/crash", arguments: ["when": "before"])
            await #expect { try await died.value(timeout: .seconds(20)) } throws: {
                ($0 as? GateError)?.code == .backendDied && ($0 as? GateError)?.sent == true
            }
            #expect(try await died.status().status == .outcomeUnknown)
            let stranger = try self.client(gateway, agent: "other")
            await #expect { try await stranger.asyncCall(id: hung.id).status() } throws: {
                ($0 as? GateError)?.code == .callNotFound
            }
            await client.shutdown()
            await stranger.shutdown()
        }
    }

    @Test func aKeyGivesTheSameHandle() async throws {
        try await gateway { gateway in
            let client = try client(gateway)
            let first = try await client.callAsync("b/echo", arguments: ["text": "x"], idempotencyKey: "k")
            let second = try await client.callAsync("b/echo", arguments: ["text": "x"], idempotencyKey: "k")
            #expect(first.id == second.id)
            await #expect {
                try await client.callAsync("b/echo", arguments: ["text": "y"], idempotencyKey: "k")
            } throws: { ($0 as? GateError)?.code == .idempotencyConflict }
            await client.shutdown()
        }
    }

    // MARK: Command line

    @Test func aCallIsStartedAwaitedAndListed() async throws {
        try await gateway { gateway in
            let started = try await gatecall(gateway, "call", "b/progress", "n=2", "ms=20", "--async")
            #expect(started.exit == .code(0) && started.output.utf8.count == 32, "\(started)")
            let awaited = try await gatecall(gateway, "await", started.output)
            #expect(awaited.exit == .code(0) && awaited.output == "done after 2 steps", "\(awaited)")
            let polled = try await gatecall(gateway, "poll", started.output, "--json")
            #expect(try JSONValue(parsing: Array(polled.output.utf8))["status"] == "complete")
            let listed = try await gatecall(gateway, "calls")
            #expect(listed.output.contains(started.output) && listed.output.contains("b/progress"), "\(listed)")
            let unknown = try await gatecall(gateway, "poll", "nope")
            #expect(unknown.exit == .code(2) && unknown.errors.contains("CALL_NOT_FOUND") && unknown.output.isEmpty)
        }
    }

    @Test func endsHaveTheExitCodesOfCalls() async throws {
        try await gateway { gateway in
            let failed = try await gatecall(gateway, "call", "b/fail", "message=no", "--async")
            let awaited = try await gatecall(gateway, "await", failed.output)
            #expect(awaited.exit == .code(1) && awaited.errors.contains("the tool failed: no"), "\(awaited)")
            let hung = try await gatecall(gateway, "call", "b/hang", "--async")
            let early = try await gatecall(gateway, "await", hung.output, "--for", "1")
            #expect(early.exit == .code(4) && early.errors.contains("goes on"), "\(early)")
            let cancelled = try await gatecall(gateway, "cancel", hung.output)
            #expect(cancelled.exit == .code(0) && cancelled.output.contains("is cancelled"), "\(cancelled)")
            let late = try await gatecall(gateway, "cancel", failed.output)
            #expect(late.exit == .code(2) && late.errors.contains("had ended before: complete"), "\(late)")
            let wrong = try await gatecall(gateway, "call", "b/echo", "--callback-url", "https://x/")
            #expect(wrong.exit == .code(64))
        }
    }
}
