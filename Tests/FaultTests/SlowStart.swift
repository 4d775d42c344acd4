import GateProtocol
import GateTestKit
import Testing

/// F-28: calls that come while a backend is still starting.
extension FaultTests {
    @Test func f28SlowStart() async throws {
        let brand = Brand()
        let time = Int(scale.slowStart.milliseconds)
        let gateway = try await Rig.start(
            backends: [BackendText(fake: "slow", ["--start-delay-ms", "\(time)"], brand: brand)])
        let watch = Sampling(of: gateway.program.pid, every: .milliseconds(20)) { brand.bearers.count }
        let waiting = try Load(
            .calls(
                port: gateway.port, server: "slow", tool: "echo", connections: 300, total: 300,
                timeout: .seconds(60), arguments: { "{\"text\":\"\($0)\"}" }))
        // One whose own time is over before the server is there.
        let hasty = try await gateway.oneCall("slow", "echo", #"{"text":"x"}"#, timeout: .milliseconds(100))
        let result = try await waiting.result()
        let peak = try await watch.stop()
        let codes = result.codes
        FaultReport.add(
            "F-28", "ready after \(time) ms, 300 calls meanwhile",
            "\(result.calls.count - result.errors) answered, "
                + "\(result.codesText); a call with 100 ms: \(hasty.code) "
                + "after \(hasty.duration.brief); at most \(peak.custom) process at once")
        // The hasty one may have had a place for its 100 ms.
        let answered = result.calls.count - result.errors
        #expect((255...256).contains(answered))
        #expect(codes == ["OVERLOADED": 300 - answered])
        #expect(["STARTING", "OVERLOADED"].contains(hasty.code))
        #expect(hasty.sent == false)
        #expect(hasty.hasRetryAfter)
        #expect(peak.custom == 1)
        #expect(try await gateway.status(of: "slow")["restarts"] == 0)
        #expect(try await gateway.stop() == .code(0))
    }
}
