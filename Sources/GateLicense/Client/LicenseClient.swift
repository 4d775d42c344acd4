/// Asks a license server, and believes of its answers only what is signed, for us, and for this question.
package struct LicenseClient: Sendable {
    /// `https://…`, without a slash at its end.
    package let server: String
    package let version: String
    private let transport: LicenseTransport

    package init(server: String, version: String, transport: LicenseTransport) {
        var server = server
        while server.hasSuffix("/") { server.removeLast() }
        self.server = server
        self.version = version
        self.transport = transport
    }

    /// What an activation brings.
    package struct Activation: Sendable, Equatable {
        package var reply: ActivationReply
        package var entitlement: Entitlement
        package var ring: KeyRing
    }

    /// What a heartbeat brings.
    package struct Beat: Sendable, Equatable {
        package var reply: LicenseReply
        package var nonce: Nonce
        /// The entitlement in it, as it was signed.
        package var envelope: SignedEnvelope?
        package var ring: KeyRing
    }

    package func activate(
        _ key: LicenseKey, instance: String, nonce: Nonce, ring: KeyRing
    ) async throws(LicenseFailure) -> Activation {
        let request = ActivationRequest(key: key, instanceID: instance, nonce: nonce, version: version)
        let delivery = try await ask("/v1/activate", request, ring)
        do throws(WireError) {
            let (reply, newRing) = try ring.open(delivery, as: ActivationReply.self)
            try reply.check(answers: request)
            let entitlement = try newRing.open(reply.entitlement, as: Entitlement.self)
            try entitlement.check(licenseID: reply.licenseID, instanceID: instance)
            return Activation(reply: reply, entitlement: entitlement, ring: newRing)
        } catch {
            throw .invalid("\(error)")
        }
    }

    package func heartbeat(_ request: HeartbeatRequest, ring: KeyRing) async throws(LicenseFailure) -> Beat {
        let delivery = try await ask("/v1/heartbeat", request, ring)
        do throws(WireError) {
            let (reply, newRing) = try ring.open(delivery, as: HeartbeatReply.self)
            try reply.check(answers: request)
            var terms: Entitlement?
            if let envelope = reply.entitlement {
                let opened = try newRing.open(envelope, as: Entitlement.self)
                try opened.check(licenseID: request.licenseID, instanceID: request.instanceID)
                terms = opened
            }
            return Beat(
                reply: LicenseReply(
                    licenseID: reply.licenseID, instanceID: reply.instanceID, serverTime: reply.serverTime,
                    seq: reply.seq, terms: terms, order: reply.command),
                nonce: reply.nonce, envelope: reply.entitlement, ring: newRing)
        } catch {
            throw .invalid("\(error)")
        }
    }

    /// Gives the seat back.
    package func deactivate(
        license: String, instance: String, nonce: Nonce, ring: KeyRing
    ) async throws(LicenseFailure) {
        let request = DeactivationRequest(licenseID: license, instanceID: instance, nonce: nonce)
        let delivery = try await ask("/v1/deactivate", request, ring)
        do throws(WireError) {
            try ring.open(delivery, as: DeactivationReply.self).message.check(answers: request)
        } catch {
            throw .invalid("\(error)")
        }
    }

    private func ask(
        _ path: String, _ request: some LicenseMessage, _ ring: KeyRing
    ) async throws(LicenseFailure) -> Delivery {
        guard !ring.isEmpty else { throw .noKeys }
        let answer = try await transport.post(server + path, request.bytes)
        guard answer.status == 200 else {
            if (300..<400).contains(answer.status) {
                throw .invalid("it leads elsewhere (status \(answer.status)), and redirects are not followed")
            }
            if let refusal = try? AuthorityRefusal(bytes: answer.body) { throw .declined(refusal) }
            throw .unreachable("it answered with status \(answer.status)")
        }
        do throws(WireError) {
            return try Delivery(bytes: answer.body)
        } catch {
            throw .invalid("\(error)")
        }
    }
}
