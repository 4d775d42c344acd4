import GateCore
import GateProtocol
import Testing

@testable import GateBackend

@Suite struct DoubtfulToolsTests {
    @Test func whatIsDoubtfulIsNotSent() async throws {
        try await TestBackend.over([]) { test in
            await test.listed(1)
            #expect(try await test.text("echo", #"{"text":"a"}"#) == "a")
            var standings = ToolStandings()
            standings.digests["echo"] = DefinitionDigest(bytes: [UInt8](repeating: 1, count: 32))
            standings.doubtful = ["echo"]
            test.set(standings)
            _ = try await test.text("add_tool", #"{"name":"one"}"#)
            await test.listed(containing: "one")
            while await test.failure("echo") == nil {}
            // It says nothing of the server's health.
            for _ in 0..<10 {
                let failure = await test.failure("echo", #"{"text":"b"}"#)
                #expect(failure?.code == .toolChanged && failure?.sent == false)
            }
            #expect(test.circuits.isEmpty)
            #expect(try await test.text("get", #"{"key":"k"}"#) == "")
            // Approved: no new list is needed.
            test.set(ToolStandings())
            #expect(try await test.text("echo", #"{"text":"c"}"#) == "c")
        }
    }

    @Test func whatIsRejectedIsAskedAbout() {
        let tools = DoubtfulTools()
        let digest = DefinitionDigest(bytes: [UInt8](repeating: 1, count: 32))
        var standings = ToolStandings()
        standings.digests = ["a": digest, "b": digest]
        tools.replace(standings)
        #expect(tools.doubts(.tool("a", arguments: nil)) == nil)
        tools.doubt("a")
        // A list that was judged before does not take it back.
        tools.replace(standings)
        #expect(tools.doubts(.tool("a", arguments: nil))?.digest == digest)
        #expect(tools.doubts(.tool("b", arguments: nil)) == nil)
    }
}
