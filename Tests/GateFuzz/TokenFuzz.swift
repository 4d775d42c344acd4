import GateServer

enum TokenFuzz {
    static func check(_ input: [UInt8]) -> String? {
        if let id = AgentToken.id(input) {
            guard input.starts(with: AgentToken.prefix.utf8), input.count > AgentToken.prefix.utf8.count + id.utf8.count
            else {
                return "an id of what is no token"
            }
            // One changed byte is another token, or none.
            for place in input.indices {
                var changed = input
                changed[place] ^= 1
                if AgentToken.id(changed) != nil { return "a changed token was taken for one" }
            }
        }
        guard let text = String(validating: input, as: UTF8.self) else { return nil }
        if let digest = TokenDigest(hex: text), digest.hex != text.lowercased() {
            return "another digest than was written"
        }
        return TokenDigest(of: input).hex.utf8.count == 64 ? nil : "a digest of another length"
    }
}
