//! Policies of AWS in templates of `CloudFormation` and SAM.

use super::formats::round_trips;
use super::*;

const TEMPLATE: &str = r#"Transform: AWS::Serverless-2016-10-31
Resources:
  App:
    Type: AWS::IAM::Role
    Properties:
      RoleName: app
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: sts:AssumeRole}]
      ManagedPolicyArns:
        - !Ref Shared
        - arn:aws:iam::aws:policy/ReadOnlyAccess
      Policies:
        - PolicyName: one
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              # objects
              - Effect: Allow
                Action:
                  - s3:GetObject
                  - s3:PutObject # writes
                  - !Sub "s3:${Extra}"
                Resource: !Sub "${Bucket.Arn}/*"
              - Effect: Allow
                Action: sqs:SendMessage
                Resource: "*"
        - !If [Prod, !Ref Other, !Ref "AWS::NoValue"]
  Shared:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Action: ["sns:Publish", "sns:Subscribe"], Resource: "*"}
          - {Effect: Deny, Action: "sns:*", Resource: secret}
  Extra:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: extra
      Roles: [!Ref App, Worker]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Action: ["ec2:RunInstances", "ec2:StopInstances"], Resource: "*"}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - S3ReadPolicy: {BucketName: !Ref Bucket}
        - AWSLambdaBasicExecutionRole
        - Version: "2012-10-17"
          Statement:
            - {Effect: Allow, Action: "dynamodb:GetItem", Resource: "*"}
  Bucket:
    Type: AWS::S3::Bucket
"#;

#[test]
fn policies_in_a_template_are_read_and_edited() {
    let function = "it is an intrinsic function, so what it grants is not known";
    let role = |name: &str| format!("{:?}", Granted::Role(name.into()));
    let expected = [
        "20 app s3:GetObject".to_owned(),
        "21 app s3:PutObject".to_owned(),
        format!("22 app !Sub s3:${{Extra}} | {function}"),
        "25 app sqs:SendMessage".to_owned(),
        format!("27 app !If [\"Prod\",\"Other\",\"AWS::NoValue\"] | {function}"),
        format!("app {}", role("Shared")),
        format!("app {}", role("arn:aws:iam::aws:policy/ReadOnlyAccess")),
        "Role(\"Shared\")".to_owned(),
        "Role(\"Shared\")".to_owned(),
        format!("app {}", role("Extra")),
        format!("Worker {}", role("Extra")),
        "Role(\"Extra\")".to_owned(),
        "Role(\"Extra\")".to_owned(),
        "49 Fn S3ReadPolicy | it is a name or a template of policies, and not their text"
            .to_owned(),
        format!("Fn {}", role("AWSLambdaBasicExecutionRole")),
        "53 Fn dynamodb:GetItem".to_owned(),
    ];
    for text in [TEMPLATE.to_owned(), TEMPLATE.replace('\n', "\r\n")] {
        assert_eq!(round_trips(&text, "template.yaml"), expected);
    }
    let one = without(TEMPLATE, "template.yaml", &["s3:PutObject"]);
    assert_eq!(
        one,
        TEMPLATE.replace("                  - s3:PutObject # writes\n", "")
    );
    let whole = without(TEMPLATE, "template.yaml", &["dynamodb:GetItem"]);
    assert!(
        whole.ends_with(
            "        - AWSLambdaBasicExecutionRole\n  Bucket:\n    Type: AWS::S3::Bucket\n"
        ),
        "{whole}"
    );
    let all = policy(TEMPLATE, "template.yaml");
    let error = plan(
        &all,
        &giving(&all, &["ec2:RunInstances", "ec2:StopInstances"]),
        &[],
    );
    assert!(error.unwrap_err().to_string().contains("would be empty"));
    let free = giving(&all, &["sns:Publish"])[0].entry;
    assert_eq!(all.files[0].entries[free].frozen, None);
}

#[test]
fn what_else_refers_to_a_managed_policy_keeps_it_whole() {
    let frozen = |text: &str| {
        let all = policy(text, "template.yaml");
        let entry = giving(&all, &["sns:Publish"])[0].entry;
        all.files[0].entries[entry].frozen.is_some()
    };
    let with = |more: &str| format!("{TEMPLATE}{more}");
    assert!(!frozen(TEMPLATE));
    for more in [
        "Outputs:\n  P: {Value: !Ref Shared}\n",
        "  Bound:\n    Type: AWS::IAM::Role\n    Properties:\n      PermissionsBoundary: !Ref Shared\n",
        "  Set:\n    Type: AWS::SSO::PermissionSet\n    Properties:\n      ManagedPolicies: [!Ref Shared]\n",
        "  Maybe:\n    Type: AWS::IAM::Role\n    Properties:\n      ManagedPolicyArns: [!If [Prod, !Ref Shared, x]]\n",
        "  Attr:\n    Type: AWS::IAM::Role\n    Properties:\n      ManagedPolicyArns: [!GetAtt Shared.PolicyArn]\n",
        "Outputs:\n  P: {Value: !Sub \"x-${Shared}\"}\n",
    ] {
        assert!(frozen(&with(more)), "{more}");
    }
    let listed = TEMPLATE.replace("Roles: [!Ref App, Worker]", "Roles: !Ref Names");
    let all = policy(&listed, "template.yaml");
    let entry = giving(&all, &["ec2:RunInstances"])[0].entry;
    assert_eq!(
        all.files[0].entries[entry].frozen.as_deref(),
        Some("whom it is for is an intrinsic function")
    );
    let json = r#"{"Resources": {"P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": ["sns:Publish", "a:B"], "Resource": "*"}]}}},
  "R": {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [{"Ref": "P"}]}}}}
"#;
    let all = policy(json, "t.json");
    let held = all.holdings();
    assert_eq!(held[&ClientName::new("R")].len(), 2);
    assert!(!without(json, "t.json", &["a:B"]).contains("a:B"));
}
