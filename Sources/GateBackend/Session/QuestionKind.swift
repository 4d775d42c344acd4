import GateProtocol

/// What a backend may ask of agents.
struct QuestionKind {
    let method: StaticString
    /// What an agent must have declared to be asked.
    let needs: ClientCapabilities

    /// - Returns: nil for a request that is no question to an agent.
    init?(_ message: WireMessage) {
        if message.isMethod(MCPMethod.elicit) {
            method = MCPMethod.elicit
            needs = message.string(message.param("mode")) == "url" ? .elicitationURL : .elicitationForm
        } else if message.isMethod(MCPMethod.sample) {
            method = MCPMethod.sample
            var needs = ClientCapabilities.sampling
            let usesTools = [message.param("tools"), message.param("toolChoice")].contains { $0?.isNull == false }
            if usesTools { needs.insert(.samplingTools) }
            self.needs = needs
        } else if message.isMethod(MCPMethod.rootsList) {
            method = MCPMethod.rootsList
            needs = .roots
        } else {
            return nil
        }
    }
}
