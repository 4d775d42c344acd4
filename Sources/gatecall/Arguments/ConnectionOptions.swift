import ArgumentParser
import GateClient
import GateProtocol

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Which gateway, and who asks.
struct ConnectionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The gateway's address. (GATECALL_URL)", valueName: "url"))
    var url: String?

    @Option(help: ArgumentHelp("A file with the admin token.", valueName: "path"))
    var tokenFile: String?

    @Option(help: ArgumentHelp("The gateway's data directory, where its admin token is.", valueName: "path"))
    var dataDir: String?

    @Option(
        help: ArgumentHelp(
            "The authorities that an https gateway's certificate may come from, instead of the system's. (GATECALL_CA_FILE)",
            valueName: "path"), completion: .file())
    var caFile: String?

    @Option(
        help: ArgumentHelp(
            "The certificate to show to a gateway that asks for one. (GATECALL_CERTIFICATE)", valueName: "path"),
        completion: .file())
    var certificate: String?

    @Option(help: ArgumentHelp("Its private key. (GATECALL_KEY)", valueName: "path"), completion: .file())
    var key: String?

    @Option(
        help: ArgumentHelp(
            "Who asks: calls with an id belong to the agent that started them. (GATECALL_AGENT)", valueName: "name"))
    var agent: String?

    @Option(help: ArgumentHelp("How long to wait for an answer, in seconds.", valueName: "seconds"))
    var timeout = 300

    func validate() throws {
        guard (1...86_400).contains(timeout) else {
            throw ValidationError("--timeout must be from 1 to 86400 seconds.")
        }
    }

    func client() throws -> GateClient {
        let environment = ProcessInfo.processInfo.environment
        func given(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        var options = GateClientOptions()
        options.timeout = .seconds(timeout)
        options.agentName = agent ?? given("GATECALL_AGENT") ?? "gatecall"
        options.caFile = caFile ?? given("GATECALL_CA_FILE")
        options.certificateFile = certificate ?? given("GATECALL_CERTIFICATE")
        options.keyFile = key ?? given("GATECALL_KEY")
        let url = url ?? given("GATECALL_URL") ?? GateClient.defaultURL
        return try GateClient(url: url, token: try token(given("GATECALL_TOKEN")), options: options)
    }

    private func token(_ fromEnvironment: String?) throws -> GateToken? {
        if let tokenFile {
            guard let token = GateToken.file(tokenFile) else {
                throw ValidationError("--token-file: there is no readable token in \(tokenFile).")
            }
            return token
        }
        return fromEnvironment.map(GateToken.init) ?? GateToken.admin(dataDirectory: dataDir)
    }
}
