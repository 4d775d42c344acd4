import Testing

@testable import GateCore

@Suite struct SupervisorAdviceTests {
    private func advice(
        _ events: [Supervisor.Event], policy: Supervisor.Policy = .init(), enabled: Bool = true, after: Int = 0
    ) -> String {
        let now = ContinuousClock.now
        var supervisor = Supervisor(policy: policy, enabled: enabled, now: now)
        for event in events { _ = supervisor.handle(event, now: now, random: 0.5) }
        return supervisor.advice(server: "x", now: now.advanced(by: .seconds(after)))
    }

    @Test func oneLineForEachState() {
        let failures = Array(repeating: [Supervisor.Event.startRequested, .started, .exited(.code(127))], count: 1)
        let cases: [(String, String)] = [
            (advice([], enabled: false), "enabled = true"),
            (advice([.startRequested]), "Nothing to do"),
            (advice([.startRequested], after: 40), "starting for 40 s"),
            (advice([.startRequested, .ready]), "Nothing to do."),
            (advice([.startRequested, .ready, .healthMissed()]), "missed 1 health check in a row; after 3"),
            (
                advice([.startRequested, .ready, .healthMissed()], policy: .init(autoRestart: false)),
                "gatecall server restart x"
            ),
            (advice(failures.flatMap(\.self)), "next try in 1 s. Its command was not found"),
            (
                advice([.startRequested, .connectFailed("refused")]),
                "(refused); next try in 1 s. Check that it can be reached"
            ),
            (advice([.startRequested, .stopRequested]), "being stopped"),
            (advice([.startRequested, .stopRequested, .stopped]), "gatecall server start x"),
            (advice([], policy: .init(startsEagerly: false)), "the next call starts it"),
        ]
        for (text, part) in cases {
            #expect(text.contains(part))
            #expect(!text.utf8.contains(UInt8(ascii: "\n")))
        }
    }

    @Test func aCrashLoopNamesTheCommandThatHelps() {
        let now = ContinuousClock.now
        var supervisor = Supervisor(now: now)
        for _ in 0..<5 {
            // Each start by hand would clear the budget, so the retries are waited for.
            let event: Supervisor.Event = supervisor.nextRetry == nil ? .startRequested : .retryDue
            let at = supervisor.nextRetry ?? now
            _ = supervisor.handle(event, now: at, random: 0.5)
            _ = supervisor.handle(.exited(.signal(9)), now: at, random: 0.5)
        }
        #expect(supervisor.state == .crashLooping)
        let text = supervisor.advice(server: "x", now: supervisor.since)
        #expect(
            text.contains("next try in 60 s") && text.contains("memory") && text.contains("gatecall server restart x"))
    }
}
