import GateCore
import GateTestKit
import Testing

/// Ending a backend at any moment of its start.
@Suite struct ShutDownTests {
    /// A server that is ended in the middle of the first questions must not be started a second time to be asked in the old way: nobody
    /// would end that one.
    @Test(arguments: [0, 5, 20, 60, 150]) func nothingIsLeftOfABackendThatIsEndedWhileItStarts(_ delay: Int)
        async throws
    {
        let mark = "ended-\(UInt32.random(in: 0 ... .max))"
        for _ in 0..<3 {
            try await TestBackend.over(["--start-delay-ms", "\(delay)", "--name", mark]) { test in
                await test.reached(.starting)
            }
        }
        let left = try await Program.run("/usr/bin/pgrep", ["-f", "fakemcp.*\(mark)"])
        #expect(left.exit == .code(1), "\(left.output)")
    }

    /// The stream that listens for changes does not hold up the end of its own backend: once it waited a second to try again.
    @Test func aBackendThatIsListenedToEndsAtOnce() async throws {
        var spent = Duration.zero
        for _ in 0..<5 {
            var told = ContinuousClock.now
            try await TestBackend.over(["--era", "modern"]) { test in
                await test.reached(.running)
                let reply = try await test.text("echo", #"{"text":"up"}"#)
                #expect(reply == "up")
                told = .now
            }
            spent += ContinuousClock.now - told
        }
        #expect(spent < .seconds(3), "five ends took \(spent)")
    }
}
