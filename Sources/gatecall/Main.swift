import ArgumentParser
import GateProtocol

@main
struct Gatecall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatecall",
        abstract: "Finds and calls tools through a stonegate gateway.",
        discussion: """
            Examples:
              gatecall discover read a file
              gatecall schema demo/echo
              gatecall call demo/echo text='hello there'
              gatecall await $(gatecall call demo/slow seconds=10 --async)
              gatecall call demo/stats --json '{"numbers": [1, 2, 3]}'
              gatecall servers

            Environment: GATECALL_URL is the gateway's address (http://127.0.0.1:3393 when it is not set), GATECALL_TOKEN \
            the admin token for `gatecall server`. Without one, the token of this machine's gateway is used, towards this \
            machine only. NO_COLOR turns colours off.

            Exit codes:
              0   done
              1   the tool, or the server it belongs to, failed
              2   the gateway refused (no such tool or server, not allowed, not available)
              3   no gateway answered
              4   no answer in time
              64  wrong usage
            """,
        version: StonegateVersion.current,
        subcommands: [
            Discover.self, Tools.self, Schema.self, Call.self, Poll.self, Await.self, Cancel.self, Calls.self,
            Servers.self, Health.self, Stats.self, Events.self, Log.self,
            Explain.self,
            Server.self,
        ])
}
