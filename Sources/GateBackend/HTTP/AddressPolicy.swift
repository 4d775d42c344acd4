package import GateCore
package import GateCurl

/// Which addresses connections may go to. It is asked with the address that a socket is about to be connected to, after the name
/// has been resolved, and for each request on a connection that is used again: no spelling of an address and no name server
/// gets past it.
///
/// A metadata service of a cloud is allowed by nothing but a range that is its address alone.
package struct AddressPolicy: Sendable, Hashable {
    /// On whose word a connection is made.
    package enum Ground: Sendable, Hashable {
        /// The operator has written the URL into the configuration. Loopback and private networks are where MCP servers live, so all
        /// is allowed but link-local addresses, which nobody means.
        case configured
        /// The URL came over the network: public addresses only.
        case added
    }

    private let ground: Ground
    /// Addresses that are allowed beside the ground's own.
    private let also: [AddressRange]
    /// Nothing but this machine, whatever else is allowed.
    private var staysHere = false

    package init(_ ground: Ground, also: [AddressRange] = []) {
        self.ground = ground
        self.also = also
    }

    /// The same for what must not leave this machine, because it is sent in the clear.
    package var keptLocal: AddressPolicy {
        var policy = self
        policy.staysHere = true
        return policy
    }

    package func permits(_ address: CurlPeerAddress) -> Bool {
        let address = address.effective
        if staysHere, address.scope != .loopback { return false }
        if address.isMetadata { return isListed(address) { $0.isOneAddress } }
        switch ground {
        case .configured: return address.scope != .linkLocal || isListed(address) { _ in true }
        case .added: return address.scope == .global || isListed(address) { _ in true }
        }
    }

    private func isListed(_ address: CurlPeerAddress, _ counts: (AddressRange) -> Bool) -> Bool {
        switch address {
        case .unix: false
        case .ipv4(let octets, let port), .ipv6(let octets, let port):
            also.contains { counts($0) && $0.contains(octets, port: port) }
        }
    }
}
