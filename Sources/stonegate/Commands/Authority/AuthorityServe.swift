import ArgumentParser
import Dispatch
import GateAuthority
import GateConfig
import GateHTTP
import GateProtocol
import GateServer
import GateTLS
import GateTerminal
import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

struct AuthorityServe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Answers gateways, in the foreground.",
        discussion: """
            Listens on the loopback address, for gateways of this machine and for a proxy in front. Other machines need --certificate and \
            --key. Ends on SIGTERM and Ctrl-C. What the other commands change counts at once.
            """)

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 lets the system choose.")
    var port = 3394

    @Option(help: ArgumentHelp("The certificate for HTTPS, in PEM form.", valueName: "path"), completion: .file())
    var certificate: String?

    @Option(help: ArgumentHelp("The certificate's private key, in PEM form.", valueName: "path"), completion: .file())
    var key: String?

    @OptionGroup var options: AuthorityOptions

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port is a number from 0 to 65535.") }
        guard (certificate == nil) == (key == nil) else {
            throw ValidationError("--certificate and --key belong together.")
        }
        guard certificate != nil || ["127.0.0.1", "::1", "localhost"].contains(host) else {
            throw ValidationError(
                "License keys would cross the network in the clear: give --certificate and --key, or listen on 127.0.0.1."
            )
        }
    }

    func run() async throws {
        let authority = try options.words { () throws(AuthorityError) in try Authority(at: options.path) }
        defer { authority.close() }
        let stop = AsyncStream<Void>.makeStream()
        signal(SIGPIPE, SIG_IGN)
        let sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { stop.continuation.finish() }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        let logger = Logger(label: "stonegate.authority") { _ in GateLogHandler(GatewayConfig.Logging()) }
        let server: AuthorityServer
        do {
            var tls: TLSSource?
            if let certificate, let key { tls = try TLSSource(TLSFiles(certificate: certificate, key: key)) }
            server = try await AuthorityServer.start(
                authority, host: host, port: port, tls: tls, logger: logger, now: { AuthorityOptions.now })
        } catch {
            Terminal.error("\(error)")
            throw ExitCode(1)
        }
        let url = "\(certificate == nil ? "http" : "https")://\(server.address)"
        if options.json {
            Console.print(json: (["url": .string(url)] as JSONValue).bytes)
        } else {
            Console.print("The authority answers at \(url)")
        }
        for await _ in stop.stream {}
        await server.stop()
    }
}
