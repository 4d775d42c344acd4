#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The handshake, the probe, and what a server of each age makes of them.
extension Server {
    /// Answers what this server refuses on account of its era; true when the request may go on.
    func accepts(_ method: String, _ params: JSON, id: JSON, session: Session, exchange: any Exchange) -> Bool {
        let version = params["_meta"]?["io.modelcontextprotocol/protocolVersion"]?.text
        let isFirst = session.modern == nil
        if options.era == .old {
            guard isFirst, method != "initialize" else {
                session.modern = false
                return true
            }
            // As the Python SDK before 1.9.4: an unexpected first request ends all reading.
            if options.oldDies { _exit(1) }
            isDeaf = true
            return false
        }
        let speaksModern = options.era == .modern || options.era == .both && session.modern != false
        if method == "initialize" {
            guard options.era == .legacy || options.era == .both && session.modern != true else {
                exchange.finish(refusal(id: id, requested: params["protocolVersion"] ?? .null))
                return false
            }
            session.modern = false
            return true
        }
        if session.modern == false { return true }
        guard speaksModern else {
            let code = method == "server/discover" ? options.probeError : -32602
            exchange.finish(error(id: id, code: code, "Invalid request parameters", data: ""))
            return false
        }
        guard let version else {
            exchange.finish(error(id: id, code: -32602, "params._meta lacks the protocol version"))
            return false
        }
        guard version == Options.modernVersion else {
            exchange.finish(refusal(id: id, requested: .string(version)))
            return false
        }
        guard let capabilities = params["_meta"]?["io.modelcontextprotocol/clientCapabilities"] else {
            exchange.finish(error(id: id, code: -32602, "params._meta lacks the client capabilities"))
            return false
        }
        session.modern = true
        session.version = version
        session.capabilities = capabilities
        return true
    }

    private func refusal(id: JSON, requested: JSON) -> JSON {
        error(
            id: id, code: -32022, "protocol version not supported",
            data: ["supported": [.string(Options.modernVersion)], "requested": requested])
    }

    func initialize(_ params: JSON, session: Session) -> JSON {
        let newest = options.newestLegacy
        let asked = params["protocolVersion"]?.text ?? ""
        session.version = Options.legacyVersions.contains(asked) && asked <= newest ? asked : newest
        session.capabilities = params["capabilities"] ?? [:]
        return [
            "protocolVersion": .string(session.version), "capabilities": capabilities, "serverInfo": serverInfo,
            "instructions": .string("Instructions of \(options.name)."),
        ]
    }

    func discover() -> JSON {
        [
            "supportedVersions": [.string(Options.modernVersion)], "capabilities": capabilities,
            "instructions": .string("Instructions of \(options.name)."), "ttlMs": 60000, "cacheScope": "public",
        ]
    }

    private var capabilities: JSON {
        var plain: JSON = ["tools": ["listChanged": true], "logging": [:]]
        if options.tasks {
            plain = plain.with("tasks", ["list": [:], "cancel": [:], "requests": ["tools": ["call": [:]]]])
                .with("extensions", ["io.modelcontextprotocol/tasks": [:]])
        }
        plain = surfaceCapabilities(plain)
        guard options.resources > 0 else { return plain }
        return plain.with("resources", ["subscribe": true, "listChanged": true])
    }
}
