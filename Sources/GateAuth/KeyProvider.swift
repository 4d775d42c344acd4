import GateCore
package import GateCurl
import Synchronization

/// Asks a provider for its keys: over TLS (or on this machine), without following redirects, in bounded time and size.
package final class KeyProvider: Sendable {
    /// How old keys become before they are asked for again, although nobody has missed one.
    package static let period = Duration.seconds(3_600)
    /// For all that one question needs.
    private static let time = Duration.seconds(10)

    private let issuer: String
    private let keysURL: String?
    private let caFile: String?
    private let agent: CurlAgent
    /// Where the provider said that its keys are; asked again when they are not.
    private let found = Mutex<String?>(nil)

    /// - Parameters:
    ///   - keysURL: where the keys are; nil to ask the issuer.
    ///   - caFile: authorities that alone are believed.
    /// - Throws: when there is no thread or descriptor for it.
    package init(issuer: String, keysURL: String?, caFile: String?) throws(CurlError) {
        self.issuer = issuer
        self.keysURL = keysURL
        self.caFile = caFile
        var options = CurlAgentOptions()
        options.name = "provider"
        options.maxConnectionsPerHost = 1
        options.maxIdleConnections = 1
        agent = try CurlAgent(options: options)
    }

    package func ask() async -> Result<KeySet, KeyFault> {
        let deadline = Instant.now.advanced(by: KeyProvider.time)
        do throws(KeyFault) {
            let address = try await address(deadline)
            do throws(KeyFault) {
                let body = try await get(address, "application/jwk-set+json, application/json", deadline)
                return .success(try KeyProvider.keys(body, address))
            } catch {
                found.withLock { $0 = nil }
                throw error
            }
        } catch {
            return .failure(error)
        }
    }

    /// Fails what is under way.
    package func shutdown() async { await agent.shutdown() }

    private static func keys(_ body: [UInt8], _ address: String) throws(KeyFault) -> KeySet {
        do throws(KeySet.Fault) {
            return try KeySet(body)
        } catch {
            throw KeyFault("\(address) \(error.words)")
        }
    }

    private func address(_ deadline: Instant) async throws(KeyFault) -> String {
        if let keysURL { return keysURL }
        if let found = found.withLock({ $0 }) { return found }
        var faults: [String] = []
        for address in ProviderMetadata.addresses(issuer: issuer) {
            do throws(KeyFault) {
                let document = try await get(address, "application/json", deadline)
                do throws(KeyFault) {
                    let keys = try ProviderMetadata.keysAddress(document, issuer: issuer)
                    found.withLock { $0 = keys }
                    return keys
                } catch {
                    throw KeyFault("\(address) \(error.words)")
                }
            } catch {
                faults.append(error.words)
            }
        }
        throw KeyFault(faults.joined(separator: "; "))
    }

    private func get(_ address: String, _ accept: String, _ deadline: Instant) async throws(KeyFault) -> [UInt8] {
        let left = Instant.now.duration(to: deadline)
        guard left > .milliseconds(10) else { throw KeyFault("\(address): there was no time left to ask") }
        var request = CurlRequest(url: address, headers: [(name: "Accept", value: accept)])
        request.connectTimeout = min(left, .seconds(5))
        request.totalTimeout = left
        request.maxResponseBytes = KeySet.maxBytes
        request.tls = CurlTLSOptions(caFile: caFile)
        // Without TLS on this machine only; and nowhere to where clouds give away credentials of machines.
        let isSecure = address.utf8.starts(with: "https://".utf8)
        request.allowedAddress = { isSecure ? $0.isOrdinary : $0.scope == .loopback }
        let response: CurlResponse
        do throws(CurlError) {
            response = try await agent.send(request)
        } catch {
            throw KeyFault("\(address): \(error.message)")
        }
        switch response.status {
        case 200: return response.body
        case 300..<400:
            throw KeyFault("\(address) redirects (\(response.status)), which is not followed; name the right address")
        default: throw KeyFault("\(address) answers \(response.status)")
        }
    }
}
