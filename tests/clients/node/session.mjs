// Lists collections with the credentials of the profile that AWS_PROFILE names.
import { ListCollectionsCommand, RekognitionClient } from "@aws-sdk/client-rekognition";

const answer = await new RekognitionClient({}).send(new ListCollectionsCommand({}));
console.log(JSON.stringify({ isArray: Array.isArray(answer.CollectionIds) }));
