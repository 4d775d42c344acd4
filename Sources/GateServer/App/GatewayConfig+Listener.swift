package import GateConfig
import GateHTTP
import GateTLS

extension GatewayConfig {
    /// What the listener's TLS is made of; nil for plain HTTP.
    var tlsFiles: TLSFiles? {
        guard let certificate = tls.certificate, let key = tls.key else { return nil }
        return TLSFiles(
            certificate: certificate, key: key, clientAuthorities: tls.clientCA,
            requiresClientCertificate: tls.requireClientCertificate)
    }

    /// What is wrong with the files of TLS; nil when they are good, and when there are none. It reads them.
    package var tlsProblem: String? {
        guard let tlsFiles else { return nil }
        do throws(TLSProblem) {
            _ = try TLSContext(tlsFiles)
            return nil
        } catch {
            return "tls.\(error.key): \(error)"
        }
    }
}

extension GatewayConfig.Server {
    /// The addresses to listen on: the configured one, and always one that programs on this machine reach.
    var bindAddresses: [HTTPBindAddress] {
        func address(_ host: String, _ isOptional: Bool = false) -> HTTPBindAddress {
            HTTPBindAddress(host: host, port: port, isOptional: isOptional)
        }
        switch host {
        // `localhost` is ::1 first on many machines.
        case "127.0.0.1", "localhost": return [address("127.0.0.1"), address("::1", true)]
        case "0.0.0.0": return [address("0.0.0.0")]
        case "::": return [address("::"), address("0.0.0.0", true)]
        default: return isLoopback ? [address(host)] : [address(host), address("127.0.0.1")]
        }
    }
}
