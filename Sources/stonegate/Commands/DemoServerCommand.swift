import ArgumentParser
import GateDemo

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

struct DemoServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-server",
        abstract: "A small MCP server on stdin and stdout, to try the gateway with.",
        discussion: """
            Started by `stonegate serve --demo`. To add it to a configuration:

              [[backends]]
              name = "demo"
              command = "stonegate"
              args = ["demo-server"]
            """)

    func run() {
        // A client that goes away must end this process by an error of `write`, not by a signal.
        signal(SIGPIPE, SIG_IGN)
        DemoLoop.run()
    }
}
