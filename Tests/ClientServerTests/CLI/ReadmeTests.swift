import GateTestKit
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What the documents tell users to type works when it is typed.
@Suite(.serialized) struct ReadmeTests {
    /// Blocks of shell commands that stand behind `<!-- test -->`.
    struct Document: Sendable, CustomTestStringConvertible {
        var path: String
        var blocks: [String]
        var testDescription: String { path }

        init(_ path: String) throws {
            self.path = path
            let text = try String(contentsOfFile: Products.checkout + "/" + path, encoding: .utf8)
            blocks = text.components(separatedBy: "<!-- test -->\n```sh\n").dropFirst().map { rest in
                rest.components(separatedBy: "\n```").first ?? ""
            }
        }

        static var all: [Document] {
            get throws {
                let docs = try FileManager.default.contentsOfDirectory(atPath: Products.checkout + "/docs")
                return try (["README.md"] + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/" + $0 })
                    .map(Document.init).filter { !$0.blocks.isEmpty }
            }
        }
    }

    @Test func readmeHasMarkedBlocksAndNoOtherSpelling() throws {
        let document = try Document("README.md")
        #expect(document.blocks.count >= 3)
        let text = try String(contentsOfFile: Products.checkout + "/README.md", encoding: .utf8)
        #expect(text.components(separatedBy: "<!-- test").count - 1 == document.blocks.count)
    }

    @Test(arguments: try Document.all) func blocksRun(_ document: Document) async throws {
        let home = try TemporaryDirectory()
        let gateway = try await GatewayProcess.start(
            arguments: ["--demo", "--data-dir", home.file(".stonegate")])
        try await gateway.running(["demo"])
        // A refused request is a failure, although the reader's curl would only print it.
        try home.write("fail-with-body\nshow-error\n", to: ".curlrc")
        let environment = [
            "HOME": home.path, "PATH": "\(Products.directory):/usr/local/bin:/usr/bin:/bin",
            "GATECALL_URL": gateway.baseURL,
        ]
        for block in document.blocks {
            let script = block.replacing("3393", with: "\(gateway.port)")
            let run = try await Program.run(
                "/bin/sh", ["-e", "-u", "-c", script], environment: environment, directory: home.path)
            #expect(run.exit == .code(0), "\(document.path):\n\(script)\n\(run.output)\n\(run.errors)")
            #expect(!run.output.isEmpty)
            #expect(!run.output.contains(#""isError":true"#), "\(script)\n\(run.output)")
            #expect(!run.output.contains(#""error":"#), "\(script)\n\(run.output)")
        }
    }
}
