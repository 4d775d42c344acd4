extension ConfigLoad {
    /// Who is let in from the network has shown who it is, on a connection that nobody else can read.
    mutating func checkListener() {
        checkTLS()
        let server = config.server
        guard !server.isLoopback else { return }
        if !config.access.required, config.agents.isEmpty, config.tenants.isEmpty {
            complain(
                "server.host", or: "server.port",
                "listening on \(server.host) lets the network in, and nobody needs a credential: set access.required = true "
                    + "and make tokens with `stonegate agent add`, or add [[agents]]")
        }
        if config.tls.certificate == nil, !server.behindProxy {
            complain(
                "server.host", or: "server.port",
                "listening on \(server.host) sends tokens over the network, which needs TLS: set tls.certificate and tls.key; or "
                    + "server.behind_proxy = true when a proxy in front does the TLS and nobody can go around it")
        }
        if server.isOnAllAddresses, server.allowedHosts.isEmpty {
            complain(
                "server.host", or: "server.port",
                "listening on all addresses needs server.allowed_hosts: the names by which clients reach the gateway, such as "
                    + "[\"gate.example.com\"]")
        }
    }

    private mutating func checkTLS() {
        let tls = config.tls
        if tls.certificate != nil, tls.key == nil {
            complain("tls.certificate", or: "tls.key", "needs tls.key, the file of its private key")
        }
        if tls.key != nil, tls.certificate == nil {
            complain("tls.key", or: "tls.certificate", "needs tls.certificate, the file of the certificate")
        }
        if tls.clientCA != nil, tls.certificate == nil {
            complain(
                "tls.client_ca", or: "tls.certificate", "needs tls.certificate: certificates of clients are part of TLS"
            )
        }
        guard tls.clientCA == nil else { return }
        if tls.requireClientCertificate {
            complain(
                "tls.require_client_certificate", or: "tls.client_ca",
                "needs tls.client_ca: the authorities whose certificates count")
        }
        if let agent = config.agents.first(where: { !$0.certificates.isEmpty }) {
            complain(
                "agents.certificates", or: "tls.client_ca",
                "agent \(quoted(agent.name)) has certificates, which need tls.client_ca: the authorities that count")
        }
    }
}
