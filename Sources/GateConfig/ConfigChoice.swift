/// A key that takes one of several words, whatever its property's type.
struct ConfigChoice: Sendable {
    let text: @Sendable (GatewayConfig) -> String
    let set: @Sendable (String, inout GatewayConfig) throws(ConfigMessage) -> Void

    /// - Parameter aliases: words that stand for others.
    init<Value: RawRepresentable<String> & CaseIterable & Sendable>(
        _ property: ConfigField.Property<Value>, aliases: [String: String] = [:]
    ) {
        text = { $0[keyPath: property].rawValue }
        set = { (text, config) throws(ConfigMessage) in
            config[keyPath: property] = try GateConfig.choice(aliases[text] ?? text)
        }
    }
}

extension ConfigField.Kind {
    static func one<Value: RawRepresentable<String> & CaseIterable & Sendable>(
        of property: ConfigField.Property<Value>, aliases: [String: String] = [:]
    ) -> Self { .choice(ConfigChoice(property, aliases: aliases)) }
}
